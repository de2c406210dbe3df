using RaftDb.Raft;
using RaftDb.Raft.Membership;

namespace RaftDb.Tests.Raft.Membership;

public sealed class ConfigurationTests
{
    private static readonly Configuration _joint = new()
    {
        Voters = [new(1), new(3)],
        OutgoingVoters = [new(1), new(2)],
        Learners = [new(4)],
        LearnersNext = [new(2)],
        AutoLeave = true,
    };

    [Test]
    public void Configurations_are_equal_by_content()
    {
        var same = _joint with { Voters = new List<ReplicaId> { new(1), new(3) } };

        Assert.That(same, Is.EqualTo(_joint));
        Assert.That(same.GetHashCode(), Is.EqualTo(_joint.GetHashCode()));
        Assert.That(_joint with { AutoLeave = false }, Is.Not.EqualTo(_joint));
        Assert.That(_joint with { Voters = [new(1)] }, Is.Not.EqualTo(_joint));
        Assert.That(_joint with { OutgoingVoters = [new(1)] }, Is.Not.EqualTo(_joint));
        Assert.That(_joint with { Learners = [] }, Is.Not.EqualTo(_joint));
        Assert.That(_joint with { LearnersNext = [] }, Is.Not.EqualTo(_joint));
    }

    [Test]
    public void The_text_names_every_set_that_is_not_empty()
    {
        Assert.That(
            _joint.ToString(), Is.EqualTo("voters=(1 3)&&(1 2) learners=(4) learners_next=(2) autoleave"));
        Assert.That(Configuration.OfVoters(new(2), new(1)).ToString(), Is.EqualTo("voters=(1 2)"));
    }

    [Test]
    public void Every_member_is_named_once_in_order_also_after_a_copy()
    {
        Assert.That(_joint.Members.Select(id => id.Value), Is.EqualTo(new ulong[] { 1, 2, 3, 4 }));
        Assert.That((_joint with { Learners = [] }).Members.Select(id => id.Value), Is.EqualTo(new ulong[] { 1, 2, 3 }));
    }

    [Test]
    public void A_voter_of_either_half_is_a_voter_and_a_learner_is_none()
    {
        Assert.That(new ulong[] { 1, 2, 3, 4, 5 }.Where(id => _joint.IsVoter(new(id))), Is.EqualTo(new ulong[] { 1, 2, 3 }));
        Assert.That(new ulong[] { 1, 2, 3, 4, 5 }.Where(id => _joint.IsLearner(new(id))), Is.EqualTo(new ulong[] { 4 }));
        Assert.That(new ulong[] { 1, 2, 3, 4, 5 }.Where(id => _joint.Contains(new(id))), Is.EqualTo(new ulong[] { 1, 2, 3, 4 }));
    }

    [Test]
    public void A_set_out_of_order_or_with_repetition_stops_the_node()
    {
        Assert.That(() => _joint with { Voters = [new(3), new(1)] }, Throws.InstanceOf<InvariantBrokenException>());
        Assert.That(() => _joint with { Voters = [new(1), new(1)] }, Throws.InstanceOf<InvariantBrokenException>());
    }

    [Test]
    public void Contradictions_are_found()
    {
        Assert.That(_joint.FindFault(), Is.Null);
        Assert.That(Configuration.Empty.FindFault(), Is.Null);
        Assert.That(new Configuration { Voters = [new(0), new(1)] }.FindFault(), Does.Contain("replica 0"));
        Assert.That(new Configuration { Learners = [new(1)] }.FindFault(), Does.Contain("no voter"));
        Assert.That((_joint with { Learners = [new(3)] }).FindFault(), Does.Contain("a voter and a learner"));
        Assert.That((_joint with { LearnersNext = [new(1)] }).FindFault(), Does.Contain("learner next"));
        Assert.That((_joint with { LearnersNext = [new(5)] }).FindFault(), Does.Contain("learner next"));
        Assert.That((Configuration.OfVoters(new ReplicaId(1)) with { AutoLeave = true }).FindFault(), Does.Contain("automatically"));
    }
}
