using RaftDb.Raft;
using RaftDb.Raft.Membership;

namespace RaftDb.Tests.Raft.Membership;

public sealed class ConfigurationTests
{
    private static readonly Configuration Joint = new()
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
        var same = Joint with { Voters = new List<ReplicaId> { new(1), new(3) } };

        Assert.That(same, Is.EqualTo(Joint));
        Assert.That(same.GetHashCode(), Is.EqualTo(Joint.GetHashCode()));
        Assert.That(Joint with { AutoLeave = false }, Is.Not.EqualTo(Joint));
        Assert.That(Joint with { Voters = [new(1)] }, Is.Not.EqualTo(Joint));
        Assert.That(Joint with { OutgoingVoters = [new(1)] }, Is.Not.EqualTo(Joint));
        Assert.That(Joint with { Learners = [] }, Is.Not.EqualTo(Joint));
        Assert.That(Joint with { LearnersNext = [] }, Is.Not.EqualTo(Joint));
    }

    [Test]
    public void The_text_names_every_set_that_is_not_empty()
    {
        Assert.That(
            Joint.ToString(), Is.EqualTo("voters=(1 3)&&(1 2) learners=(4) learners_next=(2) autoleave"));
        Assert.That(Configuration.OfVoters(new(2), new(1)).ToString(), Is.EqualTo("voters=(1 2)"));
    }

    [Test]
    public void Every_member_is_named_once_in_order_also_after_a_copy()
    {
        Assert.That(Joint.Members.Select(id => id.Value), Is.EqualTo(new ulong[] { 1, 2, 3, 4 }));
        Assert.That((Joint with { Learners = [] }).Members.Select(id => id.Value), Is.EqualTo(new ulong[] { 1, 2, 3 }));
    }

    [Test]
    public void A_voter_of_either_half_is_a_voter_and_a_learner_is_none()
    {
        Assert.That(new ulong[] { 1, 2, 3, 4, 5 }.Where(id => Joint.IsVoter(new(id))), Is.EqualTo(new ulong[] { 1, 2, 3 }));
        Assert.That(new ulong[] { 1, 2, 3, 4, 5 }.Where(id => Joint.IsLearner(new(id))), Is.EqualTo(new ulong[] { 4 }));
        Assert.That(new ulong[] { 1, 2, 3, 4, 5 }.Where(id => Joint.Contains(new(id))), Is.EqualTo(new ulong[] { 1, 2, 3, 4 }));
    }

    [Test]
    public void A_set_out_of_order_or_with_repetition_stops_the_node()
    {
        Assert.That(() => Joint with { Voters = [new(3), new(1)] }, Throws.InstanceOf<InvariantBrokenException>());
        Assert.That(() => Joint with { Voters = [new(1), new(1)] }, Throws.InstanceOf<InvariantBrokenException>());
    }

    [Test]
    public void Contradictions_are_found()
    {
        Assert.That(Joint.FindFault(), Is.Null);
        Assert.That(Configuration.Empty.FindFault(), Is.Null);
        Assert.That(new Configuration { Voters = [new(0), new(1)] }.FindFault(), Does.Contain("replica 0"));
        Assert.That(new Configuration { Learners = [new(1)] }.FindFault(), Does.Contain("no voter"));
        Assert.That((Joint with { Learners = [new(3)] }).FindFault(), Does.Contain("a voter and a learner"));
        Assert.That((Joint with { LearnersNext = [new(1)] }).FindFault(), Does.Contain("learner next"));
        Assert.That((Joint with { LearnersNext = [new(5)] }).FindFault(), Does.Contain("learner next"));
        Assert.That((Configuration.OfVoters(new ReplicaId(1)) with { AutoLeave = true }).FindFault(), Does.Contain("automatically"));
    }
}
