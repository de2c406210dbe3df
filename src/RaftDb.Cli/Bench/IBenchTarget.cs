namespace RaftDb.Cli.Bench;

/// <summary>How one of the load generator's clients asks the cluster.</summary>
internal interface IBenchTarget : IDisposable
{
    /// <summary>Reads a key, or writes it; null when that was answered, else the code of the error.</summary>
    ValueTask<string?> OneAsync(bool read, int key, CancellationToken abort);
}
