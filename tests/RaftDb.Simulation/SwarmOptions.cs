using RaftDb.Raft;
using RaftDb.Simulation.Core;
using RaftDb.Storage.Binlog;

namespace RaftDb.Simulation;

/// <summary>What kind of world a seed lives in. Drawn per seed, so that rare combinations come together now and then; every seed leaves most faults out.</summary>
internal sealed record SwarmOptions
{
    private const long Us = 1_000;
    private const long Ms = 1_000_000;

    public int Nodes { get; init; } = 3;

    /// <summary>User ranges; the meta range comes on top.</summary>
    public int Ranges { get; init; } = 2;

    public int ReplicationFactor { get; init; } = 3;

    /// <summary>How long faults go on, in nanoseconds of virtual time.</summary>
    public long Duration { get; init; } = 60_000 * Ms;

    public int OperationsPerSecond { get; init; } = 50;

    public int KeysPerRange { get; init; } = 20;

    public int ValueBytes { get; init; } = 32;

    /// <summary>Clients that count in sessions.</summary>
    public int Counters { get; init; } = 2;

    /// <summary>How long sessions live unused.</summary>
    public TimeSpan SessionIdleTimeout { get; init; } = TimeSpan.FromHours(1);

    /// <summary>Loops per process.</summary>
    public int Loops { get; init; } = 1;

    public long DiskDelay { get; init; } = 500 * Us;

    /// <summary>How long a transaction of the state machine takes at times; most take next to nothing.</summary>
    public long ApplyDelay { get; init; }

    /// <summary>How late work in the background begins at times, as on a machine that has much to do.</summary>
    public long BackgroundDelay { get; init; }

    public int CheckpointEvery { get; init; } = 500;

    public RaftOptions Raft { get; init; } = new() { CheckInvariants = true };

    public BinlogOptions Binlog { get; init; } = new() { SegmentBytes = 256 << 10, RetainedEntries = 1000, RetainedBytes = 1 << 20 };

    /// <summary>Network faults while faults go on.</summary>
    public Network.NetworkFaults Network { get; init; } = new();

    /// <summary>The mean time between two faults of each kind, in milliseconds; 0 = never.</summary>
    public IReadOnlyDictionary<FaultKind, int> FaultEveryMs { get; init; } = new SortedDictionary<FaultKind, int>();

    /// <summary>Millionths by which clocks run fast or slow, at most.</summary>
    public int MaxDriftPpm { get; init; }

    /// <summary>Milliseconds by which wall clocks are off, at most.</summary>
    public int MaxWallOffsetMs { get; init; }

    /// <summary>Every other node rehearses no elections, as in the middle of an upgrade.</summary>
    public bool MixedPreVote { get; init; }

    /// <summary>Nodes look after damaged replicas: they are replaced by new ones. Not where the simulator changes members as well: two operators would undo each other's work.</summary>
    public bool Repairs { get; init; }

    /// <summary>How often leaders have the replicas of their ranges compared; zero = never.</summary>
    public TimeSpan ChecksEvery { get; init; }

    /// <summary>Whether rows are kept in the product's layers in memory as well, and every answer of theirs is compared.</summary>
    public bool ChecksLayers { get; init; } = true;

    /// <summary>Whether anything takes away what was written and not synced.</summary>
    public bool PowerMayGo => FaultEveryMs.Keys.Any(f => f is FaultKind.PowerCut or FaultKind.PowerCutInDiskOperation or FaultKind.PowerCutEverywhere or FaultKind.KillLeader);

    public RaftOptions RaftOf(int machine) => MixedPreVote && machine % 2 == 1 ? Raft with { PreVote = !Raft.PreVote } : Raft;

    public static SwarmOptions Draw(SimRandom random)
    {
        int nodes = random.Pick([1, 2, 3, 3, 3, 3, 3, 3, 4, 5, 5, 6]);
        bool lease = random.Chance(300_000);
        TimeSpan heartbeat = TimeSpan.FromMilliseconds(random.Pick([30, 50, 100, 100, 200]));
        SortedDictionary<FaultKind, int> faults = [];
        foreach (FaultKind kind in Enum.GetValues<FaultKind>())
        {
            // Moves need machines to spare, and what rots silently needs somebody who compares: below.
            if (kind is not (FaultKind.MoveReplica or FaultKind.StateRots) && random.Chance(250_000))
            {
                faults[kind] = random.Pick([3000, 8000, 20_000, 40_000]);
            }
        }

        if (faults.ContainsKey(FaultKind.ChangeMembers))
        {
            // A machine that rots away may be the one that a smaller group of voters can't do without.
            faults.Remove(FaultKind.BitFlip);
            faults.Remove(FaultKind.Misdirect);
            faults.Remove(FaultKind.Wipe);
            faults.Remove(FaultKind.StateFails);
        }

        if (lease)
        {
            // A clock that leaps, beside one that does not, is what leases can't bear and don't promise to.
            faults.Remove(FaultKind.ClockLeap);
        }

        long maxDelay = random.Pick([1, 2, 5, 20, 80]) * Ms;
        int ranges = random.Pick([1, 1, 2, 3, 4]);
        int factor = random.Pick([3, 3, nodes]);

        // Drawn apart, so that what came later left the seeds as they were.
        SimRandom later = random.Split("later");
        if (nodes > factor && !faults.ContainsKey(FaultKind.ChangeMembers) && later.Chance(600_000))
        {
            faults[FaultKind.MoveReplica] = later.Pick([3000, 8000, 20_000]);
        }

        SimRandom checks = random.Split("checks");
        if (nodes >= 3 && !faults.ContainsKey(FaultKind.ChangeMembers) && checks.Chance(250_000))
        {
            faults[FaultKind.StateRots] = checks.Pick([3000, 8000, 20_000]);
        }

        return new()
        {
            Nodes = nodes,
            Ranges = ranges,
            ReplicationFactor = factor,
            OperationsPerSecond = random.Pick([20, 20, 40, 80, 200]),
            KeysPerRange = random.Pick([3, 10, 40]),
            ValueBytes = random.Pick([8, 32, 200, 1500]),
            Loops = random.Pick([1, 2]),
            DiskDelay = random.Pick([20 * Us, 200 * Us, 1 * Ms, 5 * Ms, 20 * Ms]),
            ApplyDelay = random.Pick([0, 0, 0, 5 * Ms, 60 * Ms]),
            CheckpointEvery = random.Pick([10, 50, 200, 1000]),
            MaxDriftPpm = lease ? random.Pick([0, 5_000, 20_000]) : random.Pick([0, 1_000, 20_000, 200_000]),
            MaxWallOffsetMs = random.Pick([0, 0, 10, 1000, 20_000]),
            MixedPreVote = random.Chance(100_000),
            Raft = new()
            {
                HeartbeatInterval = heartbeat,
                ElectionTimeout = heartbeat * random.Pick([5, 10, 10]),
                FailoverMode = lease ? FailoverMode.Lease : FailoverMode.Fast,
                PreVote = !random.Chance(100_000),
                MaxAppendBytes = random.Pick([100, 2000, 64 << 10, 1 << 20]),
                MaxInflightMessages = random.Pick([1, 4, 256]),
                MaxInflightBytes = random.Pick([1 << 20, 16 << 20]),
                MaxUncommittedBytes = random.Pick([20_000, 64 << 20]),
                MaxApplyingBytes = random.Pick([2_000, 8 << 20]),
                EntryCacheBytes = random.Pick([0, 5_000, 16 << 20]),
                QuiesceAfterHeartbeats = random.Pick([0, 5, 30]),
                CommitNoticeDelay = random.Pick([0, 1, 1, 10]) * TimeSpan.FromMilliseconds(1),
                CheckInvariants = true,
            },
            Binlog = new()
            {
                SegmentBytes = random.Pick([64 << 10, 128 << 10, 256 << 10]),
                MaxBatchBytes = random.Pick([4_000, 64 << 10, 4 << 20]),
                RetainedEntries = (ulong)random.Pick([0, 20, 200, 5000]),
                RetainedBytes = random.Pick([0, 20_000, 1 << 20]),
                RecycledSegments = random.Pick([0, 1, 2]),
            },
            Network = new()
            {
                MaxDelay = maxDelay,
                DropPerMillion = random.Pick([0, 0, 1_000, 30_000, 150_000]),
                DuplicatePerMillion = random.Pick([0, 0, 10_000, 200_000]),
                ReorderPerMillion = random.Pick([0, 0, 10_000, 200_000]),
            },
            FaultEveryMs = faults,
            Repairs = faults.ContainsKey(FaultKind.BitFlip) || faults.ContainsKey(FaultKind.Misdirect) || faults.ContainsKey(FaultKind.StateFails) || faults.ContainsKey(FaultKind.MoveReplica) || faults.ContainsKey(FaultKind.StateRots)
                || (faults.ContainsKey(FaultKind.Wipe) && nodes > factor),
            ChecksEvery = faults.ContainsKey(FaultKind.StateRots) || checks.Chance(200_000) ? TimeSpan.FromSeconds(checks.Pick([1, 4, 10])) : default,
            BackgroundDelay = later.Pick([0, 0, 300 * Ms, 2_000 * Ms]),
            ChecksLayers = random.Split("layers").Chance(250_000),
            Counters = random.Pick([0, 1, 2, 4]),
            SessionIdleTimeout = TimeSpan.FromSeconds(random.Pick([2, 4, 3600, 3600])),
        };
    }

    public long LoopLatency(SimRandom random) => ((random.Next() & 255) == 0 ? 2 * Ms : 30 * Us) + (long)(random.Next() & 0x3FFF);

    public long DiskLatency(SimRandom random) => (DiskDelay / 2) + random.Below(DiskDelay) + ((random.Next() & 127) == 0 ? DiskDelay * 8 : 0);

    public long ApplyLatency(SimRandom random) => (20 * Us) + (long)(random.Next() & 0x1FFFF) + ((random.Next() & 255) == 0 ? 10 * Ms : 0) + ((random.Next() & 7) == 0 ? random.Below(ApplyDelay * 4) : 0);

    public long BackgroundLatency(SimRandom random) => (100 * Us) + random.Below(2 * Ms) + (BackgroundDelay > 0 && (random.Next() & 3) == 0 ? random.Below(BackgroundDelay) : 0);

    public override string ToString() =>
        $"nodes={Nodes} ranges={Ranges}+meta factor={ReplicationFactor} seconds={Duration / Ms / 1000} ops/s={OperationsPerSecond} keys={KeysPerRange} value={ValueBytes} "
        + $"loops={Loops} disk={DiskDelay / Us}us apply={ApplyDelay / Us}us background={BackgroundDelay / Us}us checkpoint={CheckpointEvery} heartbeat={Raft.HeartbeatInterval.TotalMilliseconds} election={Raft.ElectionTimeout.TotalMilliseconds} "
        + $"mode={Raft.FailoverMode} prevote={(MixedPreVote ? "mixed" : Raft.PreVote)} append={Raft.MaxAppendBytes} inflight={Raft.MaxInflightMessages}/{Raft.MaxInflightBytes} uncommitted={Raft.MaxUncommittedBytes} "
        + $"applying={Raft.MaxApplyingBytes} cache={Raft.EntryCacheBytes} quiesce={Raft.QuiesceAfterHeartbeats} segment={Binlog.SegmentBytes} batch={Binlog.MaxBatchBytes} "
        + $"retained={Binlog.RetainedEntries}/{Binlog.RetainedBytes} recycled={Binlog.RecycledSegments} delay={Network.MaxDelay / Us}us drop={Network.DropPerMillion} dup={Network.DuplicatePerMillion} "
        + $"reorder={Network.ReorderPerMillion} repairs={Repairs} checks={ChecksEvery.TotalSeconds} layers={ChecksLayers} counters={Counters} idle={SessionIdleTimeout.TotalSeconds} drift={MaxDriftPpm} wall={MaxWallOffsetMs} faults=[{string.Join(' ', FaultEveryMs.Select(f => $"{f.Key}:{f.Value}"))}]";
}

/// <summary>What the swarm does to a cluster.</summary>
internal enum FaultKind
{
    Kill,
    QuickRestart,
    PowerCut,
    PowerCutInDiskOperation,
    PowerCutEverywhere,
    KillLeader,
    CleanStop,
    Pause,
    PauseLeader,
    Partition,
    OneWay,
    IsolateLeader,
    Bridge,
    Ring,
    Clog,
    LateAnswers,
    DiskFailsOnce,
    DiskFailsForEver,
    DiskFull,
    BitFlip,
    Misdirect,
    Wipe,
    StateFails,
    ClockLeap,
    ClockDrift,
    WallJump,
    Transfer,
    TransferCutOff,
    ChangeMembers,
    Checkpoint,
    LoadChange,
    MoveReplica,
    StateRots,
}
