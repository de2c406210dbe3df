namespace RaftDb.Raft.Membership;

/// <summary>The members of a group. While <see cref="OutgoingVoters"/> is not empty the group is in joint consensus:
/// every decision needs a majority of both voter sets (thesis section 4.3). Immutable; all sets are in ascending order.</summary>
public sealed record Configuration
{
    /// <summary>No members.</summary>
    public static readonly Configuration Empty = new();

    /// <summary>The voters (of the incoming half while joint).</summary>
    public IReadOnlyList<ReplicaId> Voters { get; init; } = [];

    /// <summary>The voters of the outgoing half; empty unless joint.</summary>
    public IReadOnlyList<ReplicaId> OutgoingVoters { get; init; } = [];

    /// <summary>Members that receive the log and don't count for anything.</summary>
    public IReadOnlyList<ReplicaId> Learners { get; init; } = [];

    /// <summary>Outgoing voters that become learners when the joint configuration is left.</summary>
    public IReadOnlyList<ReplicaId> LearnersNext { get; init; } = [];

    /// <summary>Whether the leader leaves the joint configuration by itself.</summary>
    public bool AutoLeave { get; init; }

    /// <summary>Whether two voter sets are in force.</summary>
    public bool IsJoint => OutgoingVoters.Count > 0;

    /// <summary>A configuration with these voters only.</summary>
    public static Configuration OfVoters(params IEnumerable<ReplicaId> voters) =>
        new() { Voters = [.. voters.Order()] };
}
