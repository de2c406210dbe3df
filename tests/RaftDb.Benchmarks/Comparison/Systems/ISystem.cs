namespace RaftDb.Benchmarks.Comparison.Systems;

/// <summary>A database under comparison: its servers on loopback, everything synced before it is acknowledged, otherwise as it comes.</summary>
internal interface ISystem : IDisposable
{
    string Name { get; }

    /// <summary>What is missing on this machine; null when it can run.</summary>
    Task<string?> MissingAsync(CancellationToken cancel);

    /// <summary>Version and options, for the report.</summary>
    Task<string> VersionAsync(CancellationToken cancel);

    /// <summary>Starts fresh servers with their data below this directory, and waits until they serve.</summary>
    Task StartAsync(string directory, CancellationToken cancel);

    /// <summary>The servers' processes.</summary>
    IReadOnlyList<int> Pids { get; }

    /// <summary>Whether it has such a load, with the meaning of <see cref="LoadKind"/>.</summary>
    bool Supports(Load load);

    /// <summary>The ways in which it does a load, a row of the table each; mostly there is one, without a name.</summary>
    IReadOnlyList<string> Variants(Load load) => [""];

    /// <summary>Writes all keys once.</summary>
    Task FillAsync(int keys, int valueSize, CancellationToken cancel);

    /// <summary>Drives a load from a process of its own.</summary>
    Task<LoadFigures> RunAsync(Load load, string variant, double seconds, double warmUpSeconds, CancellationToken cancel);

    /// <summary>Ends the servers.</summary>
    Task StopAsync(CancellationToken cancel);
}
