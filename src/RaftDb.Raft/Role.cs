namespace RaftDb.Raft;

/// <summary>What a replica is doing in its term. Learners are followers that never campaign.</summary>
public enum Role : byte
{
    /// <summary>Follows a leader, or waits for one.</summary>
    Follower,

    /// <summary>Asks whether it could win (pre-vote).</summary>
    PreCandidate,

    /// <summary>Asks for votes.</summary>
    Candidate,

    /// <summary>Orders the log.</summary>
    Leader,
}
