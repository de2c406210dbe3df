namespace RaftDb.Benchmarks.Comparison;

/// <summary>What is compared, and how long.</summary>
internal sealed record ComparisonSettings
{
    /// <summary>The key of nodes that die and come back.</summary>
    public const string FailuresKey = "failures";

    /// <summary>Path of the built `raftdb` command.</summary>
    public required string RaftDb { get; init; }

    /// <summary>The checkout's root.</summary>
    public required string Root { get; init; }

    /// <summary>Systems by the beginnings of their names; all that are there when empty.</summary>
    public IReadOnlyList<string> Systems { get; init; } = [];

    /// <summary>Loads by their keys, and <see cref="FailuresKey"/>; everything when empty.</summary>
    public IReadOnlyList<string> Only { get; init; } = [];

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

    /// <summary>Whether nodes die and come back.</summary>
    public bool Fails => MissedWrites > 0 && (Only.Count == 0 || Only.Contains(FailuresKey));

    /// <summary>Everything small: to see that it works, not for figures.</summary>
    public ComparisonSettings Quickened() => this with { Rounds = 1, Seconds = 1, WarmUpSeconds = 1, Clients = [1, 64], ManyKeys = 0, MissedWrites = 10_000 };

    /// <summary>The lines of the table.</summary>
    public IReadOnlyList<Load> Plan()
    {
        IReadOnlyList<Load> all = All();
        return Only.Count == 0 ? all : [.. all.Where(load => Only.Contains(load.Key))];
    }

    /// <summary>Throws for what can't be meant.</summary>
    public ComparisonSettings Validate()
    {
        string[] known = [.. (this with { ManyKeys = 1_000_000 }).All().Select(load => load.Key).Distinct(), FailuresKey];
        return Only.FirstOrDefault(key => !known.Contains(key)) is { } wrong
            ? throw new ComparisonException($"--only: '{wrong}' is none of {string.Join(", ", known)}.")
            : this;
    }

    private IReadOnlyList<Load> All()
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
            new(LoadKind.Put, 16, ValueSize: 64_000, Keys: Load.FewKeysOfLargeValues),
        ];
        if (ManyKeys > 0)
        {
            loads.AddRange([new(LoadKind.Fill, 1, Keys: ManyKeys), new(LoadKind.Put, 64, Keys: ManyKeys), new(LoadKind.Get, 64, Keys: ManyKeys)]);
        }

        return loads;
    }
}
