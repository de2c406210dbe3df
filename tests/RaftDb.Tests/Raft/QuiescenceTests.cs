using RaftDb.Raft;
using RaftDb.Raft.Messages;
using RaftDb.Tests.Raft.Harness;

namespace RaftDb.Tests.Raft;

/// <summary>A group with nothing to do costs nothing, and wakes for anything.</summary>
internal sealed class QuiescenceTests
{
    private static readonly RaftOptions Soon = new() { QuiesceAfterHeartbeats = 3 };

    private static TestGroup Quiet(int voters = 3)
    {
        TestGroup group = TestGroup.Led(voters, Soon);
        group.RunSeconds(2);
        foreach (TestReplica replica in group.Replicas)
        {
            Assert.That(replica.Node.IsQuiet, Is.True, $"replica {replica.Id}");
            Assert.That(replica.Node.NextDeadline, Is.EqualTo(Instant.Never));
        }

        group.Delivered.Clear();
        return group;
    }

    [Test]
    public void An_idle_group_falls_silent_and_stays_so()
    {
        TestGroup group = Quiet();
        group.RunSeconds(3600);
        Assert.That(group.Delivered, Is.Empty);
        Assert.That(group[1].Node.Role, Is.EqualTo(Role.Leader));
    }

    [Test]
    public void A_proposal_wakes_it()
    {
        TestGroup group = Quiet();
        group.RunSeconds(100);
        Assert.That(group.Propose(1, "a").Accepted, Is.EqualTo(1));
        group.RunSeconds(0.05);
        Assert.That(group.Replicas.Select(r => r.Applied), Is.All.EqualTo(new LogIndex(2)));
        Assert.That(group[1].Node.IsQuiet, Is.False);
        group.RunSeconds(5);
        Assert.That(group[1].Node.Term, Is.EqualTo(new Term(1)));
        Assert.That(group[1].Node.IsQuiet, Is.True);
    }

    [Test]
    public void A_read_at_a_follower_wakes_it()
    {
        TestGroup group = Quiet();
        group.RunSeconds(100);
        group[2].Step(new Input.ReadIndex(4));
        group.RunSeconds(0.05);
        Assert.That(group[2].Reads, Is.EqualTo(new[] { new ReadOutcome(4, new LogIndex(1), false) }));
    }

    [Test]
    public void A_transfer_out_of_silence_works()
    {
        TestGroup group = Quiet();
        group.RunSeconds(100);
        group[1].Step(new Input.TransferLeadership(new ReplicaId(3)));
        group.RunSeconds(0.05);
        Assert.That(group[3].Node.Role, Is.EqualTo(Role.Leader));
    }

    [Test]
    public void A_silent_machine_is_noticed_when_its_node_is_suspected()
    {
        TestGroup group = Quiet();
        group.Stop(1);
        group.RunSeconds(100);
        Assert.That(group.Leader, Is.Null);
        group[2].Step(new Input.Suspected(new ReplicaId(1)));
        group[3].Step(new Input.Suspected(new ReplicaId(1)));
        group.RunSeconds(5);
        Assert.That(group.Leader, Is.Not.Null);
    }

    [Test]
    public void A_replica_that_restarts_beside_a_quiet_group_unseats_nobody()
    {
        TestGroup group = Quiet();
        group.RunSeconds(100);
        group.Restart(3);
        group.RunSeconds(10);
        Assert.That(group[1].Node.Role, Is.EqualTo(Role.Leader));
        Assert.That(group[1].Node.Term, Is.EqualTo(new Term(1)));
        Assert.That(group[3].Node.Leader, Is.EqualTo(new ReplicaId(1)));
    }

    [Test]
    public void A_follower_that_lacks_something_answers_and_keeps_the_leader_awake()
    {
        TestGroup group = TestGroup.Led(3, Soon);
        group[2].Receive(new Heartbeat(new ReplicaId(1), new ReplicaId(2), new Term(1), new LogIndex(9), 7, Quiesce: true));
        Assert.That(group[2].Node.IsQuiet, Is.False);
        Assert.That(group[2].TakeMessages<HeartbeatResponse>().Count, Is.EqualTo(1));
    }

    [Test]
    public void It_does_not_fall_silent_while_a_member_is_missing_or_behind()
    {
        TestGroup group = TestGroup.Led(3, Soon);
        group[3].HoldApply = true;
        group.Propose(1, "a");
        group.RunSeconds(5);
        Assert.That(group[1].Node.IsQuiet, Is.False);
        group[3].CompleteApplies();
        group[3].HoldApply = false;
        group.RunSeconds(5);
        Assert.That(group[1].Node.IsQuiet, Is.True);
        group.Stop(3);
        group[1].Step(new Input.Suspected(new ReplicaId(3)));
        group.RunSeconds(5);
        Assert.That(group[1].Node.IsQuiet, Is.False);
    }

    /// <summary>Found by the random scheduler: a learner that a stranger woke gave up its leader, which had no reason to speak.</summary>
    [Test]
    public void A_learner_that_is_woken_by_a_stranger_keeps_its_leader()
    {
        TestGroup group = TestGroup.Led(3, Soon);
        group[1].Step(new Input.ProposeConfigurationChange(
            new([new(RaftDb.Raft.Membership.ConfigurationChangeKind.AddLearner, new ReplicaId(3))])));
        group.RunSeconds(2);
        Assert.That(group[1].Node.IsQuiet, Is.True);
        group[3].Receive(new VoteRequest(new ReplicaId(9), new ReplicaId(3), new Term(1), Inputs.Position(0, 0), true, false, false));
        group.RunSeconds(10);
        Assert.That(group[3].Node.Leader, Is.EqualTo(new ReplicaId(1)));
        group[3].Step(new Input.ReadIndex(5));
        group.RunSeconds(0.1);
        Assert.That(group[3].Reads.Single().Refused, Is.False);
    }

    [Test]
    public void With_leases_a_group_never_falls_silent()
    {
        TestGroup group = TestGroup.Led(3, Soon with { FailoverMode = FailoverMode.Lease });
        group.RunSeconds(10);
        Assert.That(group[1].Node.IsQuiet, Is.False);
    }
}
