using RaftDb.Raft;
using RaftDb.Tests.Raft.Harness;

namespace RaftDb.Tests.Raft.RandomScheduler;

/// <summary>What kind of trouble a seed makes. Every seed leaves most kinds out (swarm testing): all at once hide each other.
/// Durations are in nanoseconds; "every" is a mean, 0 = never.</summary>
internal sealed record SwarmOptions
{
    private const long Ms = 1_000_000;

    public required int Nodes { get; init; }

    public required RaftOptions Raft { get; init; }

    public required long Duration { get; init; }

    public required int LossPermille { get; init; }

    public required int DuplicatePermille { get; init; }

    public required long MaxDelay { get; init; }

    /// <summary>Messages of a link stay in order, as on a TCP connection.</summary>
    public required bool InOrder { get; init; }

    public required long MaxSync { get; init; }

    public required long MaxApply { get; init; }

    /// <summary>Inputs wait up to this long, so that several are stepped at once.</summary>
    public required long MaxBatch { get; init; }

    public required long MaxSnapshot { get; init; }

    public required long CrashEvery { get; init; }

    public required long PauseEvery { get; init; }

    public required long PartitionEvery { get; init; }

    public required long ProposeEvery { get; init; }

    public required long ReadEvery { get; init; }

    public required long ChangeEvery { get; init; }

    public required long TransferEvery { get; init; }

    public required long CompactEvery { get; init; }

    /// <summary>Nodes get told of lost processes, as often as this.</summary>
    public required int ProcessLostPermille { get; init; }

    /// <summary>Slower than the others at everything, or none.</summary>
    public required ReplicaId SlowNode { get; init; }

    public static SwarmOptions Draw(SeededRandom random) => new()
    {
        Nodes = random.Pick([3, 3, 3, 4, 5, 5, 6, 7]),
        Raft = DrawRaft(random),
        Duration = random.Between(4_000 * Ms, 20_000 * Ms),
        LossPermille = random.Pick([0, 0, 10, 50, 200]),
        DuplicatePermille = random.Pick([0, 0, 20, 100]),
        MaxDelay = random.Pick([1 * Ms, 5 * Ms, 20 * Ms, 150 * Ms, 600 * Ms]),
        InOrder = random.Chance(400),
        MaxSync = random.Pick([0L, 1 * Ms, 10 * Ms, 200 * Ms]),
        MaxApply = random.Pick([0L, 1 * Ms, 5 * Ms, 300 * Ms]),
        MaxBatch = random.Pick([0L, 0L, 1 * Ms, 5 * Ms]),
        MaxSnapshot = random.Pick([5 * Ms, 100 * Ms, 1_500 * Ms]),
        CrashEvery = random.Pick([0L, 600 * Ms, 2_000 * Ms, 5_000 * Ms]),
        PauseEvery = random.Pick([0L, 0L, 1_000 * Ms, 4_000 * Ms]),
        PartitionEvery = random.Pick([0L, 1_000 * Ms, 2_000 * Ms, 5_000 * Ms]),
        ProposeEvery = random.Pick([15 * Ms, 40 * Ms, 100 * Ms, 2_500 * Ms]),
        ReadEvery = random.Pick([0L, 40 * Ms, 150 * Ms]),
        ChangeEvery = random.Pick([0L, 0L, 300 * Ms, 1_200 * Ms]),
        TransferEvery = random.Pick([0L, 0L, 500 * Ms, 2_000 * Ms]),
        CompactEvery = random.Pick([0L, 200 * Ms, 800 * Ms]),
        ProcessLostPermille = random.Pick([0, 700, 1000]),
        SlowNode = new(random.Chance(300) ? (ulong)random.Between(1, 3) : 0),
    };

    private static RaftOptions DrawRaft(SeededRandom random)
    {
        var append = random.Pick([64, 300, 4_000, 1 << 20]);
        var electionTimeout = TimeSpan.FromMilliseconds(random.Pick([150, 300, 1_000, 1_000]));
        return new RaftOptions
        {
            ElectionTimeout = electionTimeout,
            HeartbeatInterval = electionTimeout / random.Pick([3, 5, 10]),
            FailoverMode = random.Chance(400) ? FailoverMode.Lease : FailoverMode.Fast,
            MaxClockDrift = random.Pick([0, 0.05, 0.3]),
            MaxAppendBytes = append,
            MaxInflightMessages = random.Pick([1, 2, 8, 256]),
            MaxInflightBytes = append * (long)random.Pick([1, 4, 64]),
            MaxUncommittedBytes = random.Pick([500L, 5_000L, 64L << 20]),
            MaxApplyingBytes = random.Pick([1L, 500L, 8L << 20]),
            EntryCacheBytes = random.Pick([0L, 300L, 16L << 20]),
            QuiesceAfterHeartbeats = random.Pick([0, 2, 10]),
            CommitNoticeDelay = TimeSpan.FromMilliseconds(random.Pick([0, 0, 1, 10])),
            CheckInvariants = true,
        }.Validate();
    }
}
