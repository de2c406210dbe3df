namespace RaftDb.Benchmarks.Comparison;

/// <summary>What the clients of a load do, one request at a time each.</summary>
internal enum LoadKind
{
    /// <summary>One key in a request, acknowledged when a quorum has it on disk.</summary>
    Put,

    /// <summary>One key, linearizable.</summary>
    Get,

    /// <summary>One key, from any node, possibly a little old.</summary>
    BoundedGet,

    /// <summary>Nine reads, linearizable, for each put.</summary>
    Mixed,

    /// <summary>A hundred puts in a request. Counted in puts.</summary>
    Batch,

    /// <summary>A thousand keys in order, linearizable. Counted in scans.</summary>
    Scan,

    /// <summary>Puts over RESP, sixteen in flight on each connection.</summary>
    PipelinedPut,

    /// <summary>All keys once, in order, in batches as large as the system's clients make them. Counted in puts.</summary>
    Fill,
}
