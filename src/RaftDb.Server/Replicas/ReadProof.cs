using RaftDb.Raft;

namespace RaftDb.Server.Replicas;

/// <summary>Everything committed before <paramref name="AsOf"/> (on this node's clock) is shown once <paramref name="Index"/> is applied.</summary>
internal sealed record ReadProof(Instant AsOf, LogIndex Index);
