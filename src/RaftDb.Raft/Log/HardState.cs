namespace RaftDb.Raft.Log;

/// <summary>What must be on disk before anything that depends on it is sent (thesis figure 3.1). The commit index may lag
/// behind: it never forces a sync of its own.</summary>
public readonly record struct HardState(Term Term, ReplicaId Vote, LogIndex Commit);
