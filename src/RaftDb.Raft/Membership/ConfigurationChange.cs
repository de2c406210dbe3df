namespace RaftDb.Raft.Membership;

/// <summary>What happens to one replica.</summary>
public enum ConfigurationChangeKind : byte
{
    /// <summary>Becomes a voter (from nothing or from a learner).</summary>
    AddVoter = 1,

    /// <summary>Becomes a learner (from nothing or from a voter).</summary>
    AddLearner = 2,

    /// <summary>Leaves.</summary>
    Remove = 3,
}

/// <summary>How a change that touches more than one voter is made.</summary>
public enum ConfigurationTransition : byte
{
    /// <summary>Simple when one voter changes, joint with automatic leave otherwise.</summary>
    Auto = 0,

    /// <summary>Joint, left by the leader as soon as it is committed.</summary>
    JointAutoLeave = 1,

    /// <summary>Joint, left by an explicit empty change.</summary>
    JointExplicitLeave = 2,
}

/// <summary>One replica's part of a change.</summary>
public readonly record struct ReplicaChange(ConfigurationChangeKind Kind, ReplicaId Replica);

/// <summary>A change of membership as it stands in the log. An empty list of changes leaves a joint configuration.</summary>
public sealed record ConfigurationChange(
    IReadOnlyList<ReplicaChange> Changes,
    ConfigurationTransition Transition = ConfigurationTransition.Auto)
{
    /// <summary>The change that leaves a joint configuration.</summary>
    public static readonly ConfigurationChange LeaveJoint = new([]);

    /// <summary>Bytes that go with the change and mean nothing to consensus: whoever applies it learns from them what else changes with it.</summary>
    public ReadOnlyMemory<byte> Context { get; init; }
}
