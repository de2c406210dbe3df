namespace RaftDb.Cli.Drills;

/// <summary>How a drill is run. Null: the drill's own default.</summary>
internal sealed record DrillSettings
{
    public int? Rounds { get; init; }

    /// <summary>How long the load runs before and after each fault.</summary>
    public double Seconds { get; init; } = 1.5;

    public int Writers { get; init; } = 16;

    public int Nodes { get; init; } = 3;

    public int Ranges { get; init; } = 4;

    /// <summary>follower-catch-up, snapshot-gap: writes while the node is away.</summary>
    public int? Writes { get; init; }

    /// <summary>leader-pause: how long the leader stands still.</summary>
    public double PauseSeconds { get; init; } = 3;

    public double? MaxMedianMs { get; init; }

    public double? MaxMs { get; init; }

    /// <summary>Fewer acknowledged writes than this prove nothing.</summary>
    public int MinAcknowledged { get; init; } = 500;

    /// <summary>Where the nodes keep their data; a temporary directory, removed at the end, when null.</summary>
    public string? Data { get; init; }

    /// <summary>The drill fails when it takes longer.</summary>
    public double? LimitSeconds { get; init; }

    /// <summary>chaos: how long faults happen.</summary>
    public double Minutes { get; init; } = 3;

    /// <summary>What chance there is comes from it; one is drawn when null.</summary>
    public int? Seed { get; init; }

    /// <summary>Drills that check a history: how many keys it has.</summary>
    public int? Keys { get; init; }

    /// <summary>Clients that count in sessions besides, and whose counters must be exact in the end.</summary>
    public int Counters { get; init; }

    /// <summary>More options for the nodes, as `raftdb start --set` takes them.</summary>
    public IReadOnlyList<string> Set { get; init; } = [];

    public void Validate()
    {
        Within("--rounds", Rounds ?? 1, 1, 1000);
        Within("--seconds", Seconds, 0.1, 3600);
        Within("--writers", Writers, 1, 999);
        Within("--nodes", Nodes, 1, 9);
        Within("--ranges", Ranges, 1, Writers);
        Within("--writes", Writes ?? 1, 1, 10_000_000);
        Within("--pause-seconds", PauseSeconds, 0.1, 60);
        Within("--limit-seconds", LimitSeconds ?? 300, 10, 86_400);
        Within("--minutes", Minutes, 0.05, 1440);
        Within("--counters", Counters, 0, 99);
        Within("--keys", Keys ?? 1, 1, 100_000);
    }

    private static void Within(string option, double value, double least, double most)
    {
        if (value < least || value > most)
        {
            throw new UsageException(FormattableString.Invariant($"{option}: must be {least} to {most}."));
        }
    }
}
