namespace RaftDb.Raft;

/// <summary>How a group trades the speed of failover against reads without a quorum round. A setting of the range, the same on all replicas.</summary>
public enum FailoverMode : byte
{
    /// <summary>A follower that sees the leader's process die campaigns at once; every linearizable read is confirmed by a quorum.</summary>
    Fast = 0,

    /// <summary>Nobody votes within the election timeout, so a leader may serve reads under a lease (thesis 6.4.1).</summary>
    Lease = 1,
}

/// <summary>Tunables of one group.</summary>
public sealed record RaftOptions
{
    /// <summary>How often a leader shows that it lives. 100 ms: a few per election timeout, and cheap.</summary>
    public TimeSpan HeartbeatInterval { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>The shortest time without a leader after which a follower campaigns; each draws from this to twice this.
    /// 1 s: many times a heartbeat and a slow fsync, so that a busy disk doesn't cost an election.</summary>
    public TimeSpan ElectionTimeout { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>The longest random delay between seeing the leader's process die and campaigning. Keeps two followers from splitting the vote.</summary>
    public TimeSpan CrashCampaignDelay { get; init; } = TimeSpan.FromMilliseconds(30);

    /// <summary>See <see cref="Raft.FailoverMode"/>.</summary>
    public FailoverMode FailoverMode { get; init; } = FailoverMode.Fast;

    /// <summary>How far clocks of two nodes may drift apart, as a fraction; shortens leases.</summary>
    public double MaxClockDrift { get; init; } = 0.05;

    /// <summary>Rehearse elections (thesis 9.6). Off only in tests.</summary>
    public bool PreVote { get; init; } = true;

    /// <summary>A leader that hears from no quorum for an election timeout steps down. Off only in tests.</summary>
    public bool CheckQuorum { get; init; } = true;

    /// <summary>How long a leader that has nothing else to send waits for entries that would take the news of a commit along. A read that a follower asks for does not wait
    /// for it. 0: not at all.</summary>
    public TimeSpan CommitNoticeDelay { get; init; }

    /// <summary>Most bytes of entries in one AppendEntries.</summary>
    public int MaxAppendBytes { get; init; } = 1 << 20;

    /// <summary>Most AppendEntries under way to one follower.</summary>
    public int MaxInflightMessages { get; init; } = 256;

    /// <summary>Most bytes of entries under way to one follower.</summary>
    public long MaxInflightBytes { get; init; } = 16 << 20;

    /// <summary>Most bytes of appended but uncommitted entries at a leader; more proposals are refused at once.</summary>
    public long MaxUncommittedBytes { get; init; } = 64 << 20;

    /// <summary>Most bytes of committed entries handed out for apply and not yet applied.</summary>
    public long MaxApplyingBytes { get; init; } = 8 << 20;

    /// <summary>Most bytes of durable, applied entries kept in memory for followers that are a little behind.</summary>
    public long EntryCacheBytes { get; init; } = 16 << 20;

    /// <summary>Heartbeat intervals without work after which a group falls silent; 0 = never.</summary>
    public int QuiesceAfterHeartbeats { get; init; } = 30;

    /// <summary>Run <see cref="Invariants"/> after every step: in tests and the simulator always, in production on request.</summary>
    public bool CheckInvariants { get; init; }

    /// <summary>Throws <see cref="ArgumentException"/> naming the option that makes no sense.</summary>
    public RaftOptions Validate()
    {
        Require(HeartbeatInterval > TimeSpan.Zero, nameof(HeartbeatInterval), "must be positive");
        Require(
            ElectionTimeout >= 3 * HeartbeatInterval, nameof(ElectionTimeout), "must be at least three heartbeat intervals");
        Require(
            CommitNoticeDelay >= TimeSpan.Zero && CommitNoticeDelay <= HeartbeatInterval, nameof(CommitNoticeDelay), "must be between 0 and the heartbeat interval");
        Require(
            CrashCampaignDelay > TimeSpan.Zero && CrashCampaignDelay < ElectionTimeout,
            nameof(CrashCampaignDelay), "must be positive and less than the election timeout");
        Require(MaxClockDrift is >= 0 and < 0.5, nameof(MaxClockDrift), "must be in [0, 0.5)");
        Require(
            FailoverMode != FailoverMode.Lease || CheckQuorum, nameof(FailoverMode), "leases need CheckQuorum");
        Require(MaxAppendBytes > 0, nameof(MaxAppendBytes), "must be positive");
        Require(MaxInflightMessages > 0, nameof(MaxInflightMessages), "must be positive");
        Require(MaxInflightBytes >= MaxAppendBytes, nameof(MaxInflightBytes), "must hold one append");
        Require(MaxUncommittedBytes > 0, nameof(MaxUncommittedBytes), "must be positive");
        Require(MaxApplyingBytes > 0, nameof(MaxApplyingBytes), "must be positive");
        Require(EntryCacheBytes >= 0, nameof(EntryCacheBytes), "must not be negative");
        Require(QuiesceAfterHeartbeats >= 0, nameof(QuiesceAfterHeartbeats), "must not be negative");
        return this;
    }

    private static void Require(bool holds, string option, string rule)
    {
        if (!holds)
        {
            throw new ArgumentException($"Raft option {option} {rule}.");
        }
    }
}
