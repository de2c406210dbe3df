using RaftDb.Raft;
using RaftDb.Server.Replicas;
using RaftDb.Storage;
using RaftDb.Storage.StateMachines.Commands;
using RaftDb.Storage.StateMachines.Reads;
using RaftDb.Storage.StateMachines.Sessions;

namespace RaftDb.Server.Ranges;

/// <summary>What a read promises (DESIGN section 7).</summary>
internal enum Consistency : byte
{
    Linearizable = 0,
    Bounded = 1,
    Session = 2,
    Eventual = 3,
}

/// <summary>Which replica serves a read.</summary>
internal enum ReplicaChoiceKind : byte
{
    /// <summary>This node's, where it has one that can honour the consistency; otherwise the nearest.</summary>
    Any = 0,
    Leader = 1,
    Follower = 2,
    Node = 3,
}

/// <summary>Which replica serves a read; <paramref name="Node"/> with <see cref="ReplicaChoiceKind.Node"/>.</summary>
internal readonly record struct ReplicaChoice(ReplicaChoiceKind Kind, NodeId Node = default);

/// <summary>A write: conditions and operations in one range, atomically.</summary>
/// <param name="Conditions">All must hold.</param>
/// <param name="Then">Done if they do.</param>
/// <param name="Else">Done if they don't.</param>
/// <param name="Ack">When to answer.</param>
/// <param name="Session">What makes it exactly once; null = at most once, and its fate may stay unknown. The same request under the same session and sequence
/// gets the answer of the first time.</param>
internal sealed record WriteRequest(
    IReadOnlyList<Condition> Conditions, IReadOnlyList<Operation> Then, IReadOnlyList<Operation> Else, AckMode Ack, SessionWrite? Session = null);

/// <summary>How a write went.</summary>
/// <param name="Node">The leader's node.</param>
/// <param name="Range">The range.</param>
/// <param name="Position">The entry.</param>
/// <param name="Committed">False for ack=leader: it may still be lost.</param>
/// <param name="Result">What it did; null for ack=leader.</param>
/// <param name="Acked">ack=all: the voters that applied it.</param>
/// <param name="Absent">ack=all: the voters that did not, in time or because they are not live.</param>
internal sealed record WriteAnswer(
    NodeId Node,
    RangeId Range,
    Raft.Log.LogPosition Position,
    bool Committed,
    CommandResult? Result,
    IReadOnlyList<NodeId>? Acked = null,
    IReadOnlyList<NodeId>? Absent = null);

/// <summary>What a read promises and where it is served.</summary>
/// <param name="Consistency">The promise.</param>
/// <param name="MaxStaleness">bounded: the oldest state that will do.</param>
/// <param name="Replica">Where.</param>
/// <param name="Token">session: what the client has seen; an index per range.</param>
internal sealed record ReadOptions(
    Consistency Consistency, TimeSpan MaxStaleness, ReplicaChoice Replica, SessionToken Token)
{
    public static readonly ReadOptions Linearizable = new(Consistency.Linearizable, default, default, SessionToken.Empty);
}

/// <summary>How a point read went.</summary>
/// <param name="Node">Who served it.</param>
/// <param name="Range">The range.</param>
/// <param name="Index">The applied index it shows.</param>
/// <param name="Staleness">An upper bound of the age of what it shows; null when it can't be told (eventual, session).</param>
/// <param name="Row">The row; null = absent.</param>
internal sealed record GetAnswer(NodeId Node, RangeId Range, LogIndex Index, TimeSpan? Staleness, Row? Row);

/// <summary>How a read of several keys went.</summary>
/// <param name="Node">Who served it.</param>
/// <param name="Range">The range.</param>
/// <param name="Index">The applied index it shows.</param>
/// <param name="Staleness">As for one key.</param>
/// <param name="Rows">The rows in the order of the keys, null = absent: as many as fit into the bytes that an answer may have, at least one.</param>
internal sealed record GetManyAnswer(NodeId Node, RangeId Range, LogIndex Index, TimeSpan? Staleness, IReadOnlyList<Row?> Rows);

/// <summary>How a scan went. One page, from one range; a scan goes on at <see cref="Next"/>.</summary>
/// <param name="Next">Where the next page starts (ascending: first key, inclusive; descending: end, exclusive); null when there is none.</param>
internal sealed record ScanAnswer(
    NodeId Node, RangeId Range, LogIndex Index, TimeSpan? Staleness, IReadOnlyList<Row> Rows, ReadOnlyMemory<byte>? Next);

/// <summary>When a request must be answered, on this node's monotonic clock.</summary>
internal readonly record struct Deadline(Instant At);
