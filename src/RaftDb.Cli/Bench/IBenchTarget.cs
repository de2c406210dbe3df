namespace RaftDb.Cli.Bench;

/// <summary>How one of the load generator's clients asks the cluster.</summary>
internal interface IBenchTarget : IDisposable
{
    /// <summary>Does one request at a key, or from it on; null when that was answered, else the code of the error.</summary>
    ValueTask<string?> OneAsync(BenchOperation operation, int key, CancellationToken abort);
}
