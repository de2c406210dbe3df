namespace RaftDb.Cli.Bench;

/// <summary>One request of a load.</summary>
internal enum BenchOperation
{
    /// <summary>A key is read.</summary>
    Read,

    /// <summary>A key is written.</summary>
    Write,

    /// <summary>Many keys are written.</summary>
    Batch,

    /// <summary>Many keys are read, in order.</summary>
    Scan,
}
