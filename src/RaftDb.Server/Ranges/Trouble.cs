using RaftDb.Raft;
using RaftDb.Storage;

namespace RaftDb.Server.Ranges;

/// <summary>A replica on some node's disk that must not take part, or that nobody leads.</summary>
/// <param name="Range">The range.</param>
/// <param name="Replica">The replica.</param>
/// <param name="Reason">What is wrong, for people.</param>
/// <param name="Rebuild">Whether a new replica in its place helps.</param>
internal sealed record Trouble(RangeId Range, ReplicaId Replica, string Reason, bool Rebuild);

/// <summary>A replica that is no member any more: a quorum has applied that, so nobody ever counts on it again.</summary>
internal readonly record struct RemovedReplica(RangeId Range, ReplicaId Replica);
