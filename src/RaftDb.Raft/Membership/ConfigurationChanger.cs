namespace RaftDb.Raft.Membership;

/// <summary>Pure arithmetic of membership, with the semantics of etcd-io/raft's confchange: which configuration follows from
/// a change, or why none does. Changing nothing (adding who is there, removing who is not) is allowed.</summary>
public static class ConfigurationChanger
{
    private const string TooManyVoters = "more than one voter changed without entering joint config";

    /// <summary>Applies a change from the log: an empty automatic one leaves a joint configuration; any other automatic one is simple where
    /// at most one voter changes, and otherwise enters a joint configuration that the leader leaves by itself.</summary>
    public static ConfigurationResult Apply(Configuration current, ConfigurationChange change)
    {
        if (change.Transition != ConfigurationTransition.Auto)
        {
            return EnterJoint(current, change.Changes, change.Transition == ConfigurationTransition.JointAutoLeave);
        }

        if (change.Changes.Count == 0)
        {
            return LeaveJoint(current);
        }

        var simple = Simple(current, change.Changes);
        return simple.Error == TooManyVoters ? EnterJoint(current, change.Changes, autoLeave: true) : simple;
    }

    /// <summary>Changes at most one voter, and any number of learners, in one step (thesis section 4.1).</summary>
    public static ConfigurationResult Simple(Configuration current, IReadOnlyList<ReplicaChange> changes)
    {
        if (current.IsJoint)
        {
            return ConfigurationResult.Refuse("can't apply simple config change in joint config");
        }

        var draft = new ConfigurationDraft(current);
        draft.Apply(changes);
        if (!draft.HasVoters)
        {
            return NoVoters();
        }

        var next = draft.Build(autoLeave: false);
        return VotersChanged(current, next) > 1 ? ConfigurationResult.Refuse(TooManyVoters) : Done(next);
    }

    /// <summary>Makes the present voters the outgoing half and applies the changes to the incoming one (thesis section 4.3).</summary>
    public static ConfigurationResult EnterJoint(
        Configuration current, IReadOnlyList<ReplicaChange> changes, bool autoLeave)
    {
        if (current.IsJoint)
        {
            return ConfigurationResult.Refuse("config is already joint");
        }

        if (current.Voters.Count == 0)
        {
            return ConfigurationResult.Refuse("can't make a zero-voter config joint");
        }

        var draft = new ConfigurationDraft(current with { OutgoingVoters = current.Voters });
        draft.Apply(changes);
        return draft.HasVoters ? Done(draft.Build(autoLeave)) : NoVoters();
    }

    /// <summary>Drops the outgoing half; who was demoted becomes a learner.</summary>
    public static ConfigurationResult LeaveJoint(Configuration current)
    {
        if (!current.IsJoint)
        {
            return ConfigurationResult.Refuse("can't leave a non-joint config");
        }

        return Done(new()
        {
            Voters = current.Voters,
            Learners = [.. current.Learners.Concat(current.LearnersNext).Order()],
        });
    }

    /// <summary>How many voters came or went: the size of the symmetric difference.</summary>
    private static int VotersChanged(Configuration from, Configuration to) =>
        from.Voters.Except(to.Voters).Count() + to.Voters.Except(from.Voters).Count();

    private static ConfigurationResult NoVoters() => ConfigurationResult.Refuse("removed all voters");

    private static ConfigurationResult Done(Configuration configuration)
    {
        var fault = configuration.FindFault();
        Check.That(fault is null, $"a change led to {configuration}, where {fault}");
        return new(configuration, null);
    }
}
