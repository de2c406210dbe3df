using RaftDb.Raft;

namespace RaftDb.Server.Replicas;

/// <summary>What a <see cref="ReplicaLoop"/> owns: a replica.</summary>
internal interface ILoopMember
{
    /// <summary>When <see cref="Process"/> is to be called next, even if nobody woke it.</summary>
    Instant NextDeadline { get; }

    /// <summary>One pass. Called by one thread at a time.</summary>
    void Process(PassOutput output);
}
