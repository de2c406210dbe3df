namespace RaftDb.Raft.Quorum;

/// <summary>How an election stands.</summary>
public enum VoteResult : byte
{
    /// <summary>The votes that are missing decide.</summary>
    Pending,

    /// <summary>A quorum voted yes.</summary>
    Won,

    /// <summary>A quorum can no longer be reached.</summary>
    Lost,
}
