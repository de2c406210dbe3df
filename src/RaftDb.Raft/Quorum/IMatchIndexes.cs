namespace RaftDb.Raft.Quorum;

/// <summary>What a leader knows of how far each member's log equals its own. A struct that implements this costs nothing to pass.</summary>
public interface IMatchIndexes
{
    /// <summary>The last index known to be durable and equal at <paramref name="id"/>; false when nothing is known.</summary>
    bool TryGet(ReplicaId id, out LogIndex match);
}
