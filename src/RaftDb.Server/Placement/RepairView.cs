using RaftDb.Raft;
using RaftDb.Raft.Membership;
using RaftDb.Storage;

namespace RaftDb.Server.Placement;

/// <summary>What the leader of a range knows when it decides what its range needs.</summary>
internal sealed record RepairView
{
    /// <summary>The descriptor in force at the leader.</summary>
    public required RangeDescriptor Descriptor { get; init; }

    /// <summary>The configuration in force at the leader.</summary>
    public required Configuration Configuration { get; init; }

    /// <summary>What the leader knows of the members.</summary>
    public required IReadOnlyList<FollowerStatus> Members { get; init; }

    /// <summary>Members that can't be trusted and that a new replica can take the place of, with the reasons.</summary>
    public required IReadOnlyDictionary<ReplicaId, string> Damaged { get; init; }

    /// <summary>The commit index.</summary>
    public required LogIndex Commit { get; init; }

    /// <summary>How many voters the range should have.</summary>
    public required int Wanted { get; init; }

    /// <summary>Whether a quorum has applied the last change of descriptor or configuration.</summary>
    public required bool IsSettled { get; init; }

    /// <summary>Nodes that are up, those first where the range would rather live.</summary>
    public required IReadOnlyList<NodeId> Nodes { get; init; }

    /// <summary>Learners that somebody is adding right now, and who will promote them.</summary>
    public bool IsBeingChanged { get; init; }
}

/// <summary>What is to be done next.</summary>
internal enum RepairKind : byte
{
    /// <summary>A member leaves.</summary>
    Remove,

    /// <summary>A new replica comes, as a learner.</summary>
    Add,

    /// <summary>A learner becomes a voter.</summary>
    Promote,

    /// <summary>A learner is on its way, or a node to put one on is not up: nothing to do but wait.</summary>
    Wait,

    /// <summary>A damaged replica can't be replaced as things are.</summary>
    Blocked,
}

/// <summary>One step, and why, in words for status.</summary>
internal sealed record RepairStep(RepairKind Kind, ReplicaId Replica, NodeId Node, string Why);
