using RaftDb.Raft;
using RaftDb.Raft.Membership;

namespace RaftDb.Tests.Raft.Membership;

/// <summary>Which way a change from the log takes.</summary>
public sealed class ConfigurationChangerTests
{
    private static readonly Configuration Three = Configuration.OfVoters(new(1), new(2), new(3));

    [Test]
    public void One_voter_changes_simply() =>
        Assert.That(Apply(Three, [Add(4)]), Is.EqualTo("voters=(1 2 3 4)"));

    [Test]
    public void Learners_change_simply_beside_one_voter() =>
        Assert.That(Apply(Three, [Remove(3), Learner(7), Learner(8)]), Is.EqualTo("voters=(1 2) learners=(7 8)"));

    [Test]
    public void Two_voters_change_jointly_and_the_joint_configuration_is_left_automatically() =>
        Assert.That(Apply(Three, [Remove(3), Add(4)]), Is.EqualTo("voters=(1 2 4)&&(1 2 3) autoleave"));

    [Test]
    public void A_joint_change_of_one_voter_can_be_asked_for()
    {
        Assert.That(
            Apply(Three, [Add(4)], ConfigurationTransition.JointExplicitLeave), Is.EqualTo("voters=(1 2 3 4)&&(1 2 3)"));
        Assert.That(
            Apply(Three, [Add(4)], ConfigurationTransition.JointAutoLeave),
            Is.EqualTo("voters=(1 2 3 4)&&(1 2 3) autoleave"));
    }

    [Test]
    public void The_empty_change_leaves_a_joint_configuration()
    {
        var joint = ConfigurationChanger.Apply(Three, new([Learner(1), Add(4)])).Configuration!;

        Assert.That(joint.ToString(), Is.EqualTo("voters=(2 3 4)&&(1 2 3) learners_next=(1) autoleave"));
        Assert.That(
            ConfigurationChanger.Apply(joint, ConfigurationChange.LeaveJoint).Configuration!.ToString(),
            Is.EqualTo("voters=(2 3 4) learners=(1)"));
    }

    [Test]
    public void The_empty_change_is_refused_where_nothing_is_to_be_left() =>
        Assert.That(Apply(Three, []), Is.EqualTo("can't leave a non-joint config"));

    [Test]
    public void A_joint_configuration_takes_no_other_change()
    {
        var joint = ConfigurationChanger.EnterJoint(Three, [Add(4)], autoLeave: false).Configuration!;

        Assert.That(Apply(joint, [Add(5)]), Is.EqualTo("can't apply simple config change in joint config"));
        Assert.That(
            Apply(joint, [Add(5)], ConfigurationTransition.JointAutoLeave), Is.EqualTo("config is already joint"));
    }

    [Test]
    public void The_last_voter_stays() =>
        Assert.That(Apply(Configuration.OfVoters(new ReplicaId(1)), [Remove(1)]), Is.EqualTo("removed all voters"));

    private static string? Apply(
        Configuration current, ReplicaChange[] changes, ConfigurationTransition transition = ConfigurationTransition.Auto)
    {
        var result = ConfigurationChanger.Apply(current, new(changes, transition));
        return result.Configuration?.ToString() ?? result.Error;
    }

    private static ReplicaChange Add(ulong id) => new(ConfigurationChangeKind.AddVoter, new(id));

    private static ReplicaChange Learner(ulong id) => new(ConfigurationChangeKind.AddLearner, new(id));

    private static ReplicaChange Remove(ulong id) => new(ConfigurationChangeKind.Remove, new(id));
}
