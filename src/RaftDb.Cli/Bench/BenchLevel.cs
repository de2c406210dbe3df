using RaftDb.Client;

namespace RaftDb.Cli.Bench;

/// <summary>A promise that a write or a read can be asked for.</summary>
internal sealed record BenchLevel(string Name, string Promise, bool Writes, bool Sessions, string? Ack, ReadOptions Read)
{
    private static readonly TimeSpan MaxStaleness = TimeSpan.FromMilliseconds(500);

    /// <summary>From the weakest to the strongest.</summary>
    public static readonly IReadOnlyList<BenchLevel> All =
    [
        Write("write, ack=leader", "on the leader's disk; lost if the leader is", "leader", sessions: false),
        Write("write, ack=quorum, no session", "on a majority's disks; at most once", "quorum", sessions: false),
        Write("write, ack=quorum", "on a majority's disks; exactly once (the default)", "quorum", sessions: true),
        Write("write, ack=all", "applied on every live node; exactly once", "all", sessions: true),
        Reading("read, eventual", "whatever some node has", ReadOptions.Eventual with { Replica = "any" }),
        Reading("read, session", "never older than what this client has seen or written", ReadOptions.Session with { Replica = "any" }),
        Reading("read, bounded 500 ms", "at most half a second old", ReadOptions.Bounded(MaxStaleness) with { Replica = "any" }),
        Reading("read, linearizable", "everything acknowledged before the read (the default)", ReadOptions.Linearizable),
    ];

    /// <summary>Those settings with this level.</summary>
    public BenchSettings Of(BenchSettings settings) => settings with { Workload = Writes ? "write" : "read", Sessions = Sessions, Ack = Ack, Read = Read };

    private static BenchLevel Write(string name, string promise, string ack, bool sessions) => new(name, promise, true, sessions, ack, new());

    private static BenchLevel Reading(string name, string promise, ReadOptions read) => new(name, promise, false, true, null, read);
}
