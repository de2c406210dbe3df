namespace RaftDb.Benchmarks.Comparison;

/// <summary>What is compared, and how long.</summary>
internal sealed record ComparisonSettings
{
    /// <summary>Path of the built `raftdb` command.</summary>
    public required string RaftDb { get; init; }

    /// <summary>The checkout's root.</summary>
    public required string Root { get; init; }

    /// <summary>Systems by name, in the order in which they take turns; all that are there when empty.</summary>
    public IReadOnlyList<string> Systems { get; init; } = [];

    /// <summary>Names of loads, as the table has them, by their first letters; all when empty.</summary>
    public IReadOnlyList<string> Loads { get; init; } = [];

    /// <summary>How often each system has its turn, with fresh servers each time.</summary>
    public int Rounds { get; init; } = 3;

    /// <summary>Measured seconds of each load.</summary>
    public double Seconds { get; init; } = 8;

    /// <summary>Seconds of the same load before that.</summary>
    public double WarmUpSeconds { get; init; } = 3;

    /// <summary>Client counts of put and linearizable get.</summary>
    public IReadOnlyList<int> Clients { get; init; } = [1, 16, 64, 256, 1000];

    /// <summary>Keys of the large load; 0 leaves it out.</summary>
    public int ManyKeys { get; init; } = 1_000_000;

    /// <summary>Writes that a node misses while it is away; 0 leaves failures and restarts out.</summary>
    public int MissedWrites { get; init; } = 200_000;

    /// <summary>Where JSON and charts go.</summary>
    public required string Output { get; init; }

    /// <summary>Servers' data goes below this directory.</summary>
    public required string Data { get; init; }

    /// <summary>Everything small: to see that it works, not for figures.</summary>
    public ComparisonSettings Quickened() => this with { Rounds = 1, Seconds = 2, WarmUpSeconds = 1, Clients = [1, 64], ManyKeys = 0, MissedWrites = 20_000 };

    /// <summary>The lines of the table.</summary>
    public IReadOnlyList<Load> Plan()
    {
        List<Load> loads =
        [
            .. Clients.Select(clients => new Load(LoadKind.Put, clients)),
            .. Clients.Select(clients => new Load(LoadKind.Get, clients)),
            new(LoadKind.PipelinedPut, 50),
            new(LoadKind.BoundedGet, 64),
            new(LoadKind.Mixed, 64),
            new(LoadKind.Batch, 16),
            new(LoadKind.Scan, 16),
            new(LoadKind.Put, 64, ValueSize: 1000),
            new(LoadKind.Put, 16, ValueSize: 64_000, Keys: 2000),
        ];
        if (ManyKeys > 0)
        {
            loads.AddRange([new(LoadKind.Put, 64, Keys: ManyKeys), new(LoadKind.Get, 64, Keys: ManyKeys)]);
        }

        return Loads.Count == 0 ? loads : [.. loads.Where(load => Loads.Any(name => load.Name.StartsWith(name, StringComparison.Ordinal)))];
    }
}
