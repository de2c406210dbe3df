using RaftDb.Raft;
using RaftDb.Raft.Log;
using RaftDb.Raft.Membership;
using RaftDb.Raft.Messages;
using RaftDb.Tests.Raft.Harness;

namespace RaftDb.Tests.Raft;

/// <summary>Thesis chapter 4: changes of membership, simple and joint.</summary>
internal sealed class MembershipTests
{
    private static ReplicaId Id(ulong id) => new(id);

    private static ReplicaChange Add(ulong id) => new(ConfigurationChangeKind.AddVoter, Id(id));

    private static ReplicaChange Learn(ulong id) => new(ConfigurationChangeKind.AddLearner, Id(id));

    private static ReplicaChange Remove(ulong id) => new(ConfigurationChangeKind.Remove, Id(id));

    private static ProposalOutcome Change(TestReplica replica, params ReplicaChange[] changes)
    {
        replica.Step(new Input.ProposeConfigurationChange(new ConfigurationChange(changes)));
        return replica.Proposals[^1];
    }

    private static void AssertVoters(TestGroup group, params ulong[] voters)
    {
        foreach (TestReplica replica in group.Replicas.Where(group.IsUp))
        {
            Assert.That(replica.Node.Configuration.Voters, Is.EqualTo(voters.Select(Id)), $"voters at replica {replica.Id}");
            Assert.That(replica.Node.Configuration.IsJoint, Is.False);
        }
    }

    [Test]
    public void Section_4_2_1_a_learner_catches_up_and_becomes_a_voter()
    {
        TestGroup group = TestGroup.Led(3);
        group.Propose(1, "a", "b");
        group.Deliver();
        group.Add(4, Configuration.Empty);
        Assert.That(Change(group[1], Learn(4)).Accepted, Is.EqualTo(1));
        group.RunSeconds(0.3);
        Assert.That(group[4].Applied, Is.EqualTo(group[1].Applied));
        Assert.That(group[1].Node.Followers(group.Now).Single(f => f.Replica == Id(4)).IsVoter, Is.False);
        Assert.That(Change(group[1], Add(4)).Accepted, Is.EqualTo(1));
        group.RunSeconds(0.3);
        AssertVoters(group, 1, 2, 3, 4);
    }

    [Test]
    public void A_change_takes_effect_when_it_is_applied()
    {
        TestGroup group = TestGroup.Led(3);
        group[1].HoldApply = true;
        Change(group[1], Remove(3));
        group.Deliver();
        Assert.That(group[1].Node.Commit, Is.EqualTo(new LogIndex(2)));
        Assert.That(group[1].Node.Configuration.Voters.Count, Is.EqualTo(3));
        group[1].CompleteApplies();
        Assert.That(group[1].Node.Configuration.Voters.Count, Is.EqualTo(2));
    }

    [Test]
    public void At_most_one_change_is_under_way()
    {
        TestGroup group = TestGroup.Led(3);
        Assert.That(Change(group[1], Remove(3)).Refusal, Is.EqualTo(ProposalRefusal.None));
        Assert.That(Change(group[1], Remove(2)).Refusal, Is.EqualTo(ProposalRefusal.ConfigurationChangePending));
        group.Deliver();
        Assert.That(Change(group[1], Add(3)).Refusal, Is.EqualTo(ProposalRefusal.None));
    }

    [Test]
    public void A_change_that_makes_no_sense_is_refused()
    {
        TestGroup group = TestGroup.Led(1);
        ProposalOutcome outcome = Change(group[1], Remove(1));
        Assert.That(outcome.Refusal, Is.EqualTo(ProposalRefusal.ConfigurationChangeInvalid));
        Assert.That(outcome.Detail, Is.Not.Empty);
    }

    [Test]
    public void D1_a_new_leader_changes_nothing_before_it_committed_in_its_term()
    {
        TestGroup group = TestGroup.OfVoters(3);
        group.Lose = m => m is AppendEntries;
        group.Elect(1);
        Assert.That(Change(group[1], Remove(3)).Refusal, Is.EqualTo(ProposalRefusal.ConfigurationChangePending));
    }

    [Test]
    public void D2_a_replica_with_a_committed_change_that_it_did_not_apply_does_not_campaign()
    {
        TestGroup group = TestGroup.Led(3);
        group[2].HoldApply = true;
        Change(group[1], Learn(4));
        group.Deliver();
        Assert.That(group[2].Node.Commit, Is.EqualTo(new LogIndex(2)));
        group.SetTime(group.Now + TimeSpan.FromSeconds(3));
        group[2].Step(new Input.Campaign());
        group[2].Receive(new TimeoutNow(Id(1), Id(2), new Term(1)));
        Assert.That(group[2].Node.Role, Is.EqualTo(Role.Follower));

        group.Restart(2);
        group[2].Step(new Input.Campaign());
        Assert.That(group[2].Node.Role, Is.EqualTo(Role.Follower), "nor after a restart");
        group[2].HoldApply = false;
        group[2].CompleteApplies();
        group[2].Step(new Input.Campaign());
        Assert.That(group[2].Node.Role, Is.EqualTo(Role.PreCandidate));
    }

    [Test]
    public void D3_several_voters_change_at_once_through_a_joint_configuration_that_is_left_by_itself()
    {
        TestGroup group = TestGroup.Led(3);
        foreach (ulong id in new ulong[] { 4, 5 })
        {
            group.Add(id, Configuration.Empty);
        }

        Assert.That(Change(group[1], Add(4), Add(5), Remove(2), Remove(3)).Accepted, Is.EqualTo(1));
        group.RunSeconds(0.5);
        Assert.That(group[1].Node.Configuration.Voters, Is.EqualTo(new[] { Id(1), Id(4), Id(5) }));
        Assert.That(group[1].Node.Configuration.IsJoint, Is.False);
        Assert.That(group[4].Node.Configuration, Is.EqualTo(group[5].Node.Configuration).Using<Configuration>(
            (a, b) => a.Voters.SequenceEqual(b.Voters) && a.IsJoint == b.IsJoint));
    }

    [Test]
    public void D3_while_joint_both_halves_must_agree()
    {
        TestGroup group = TestGroup.Led(3);
        group.Add(4, Configuration.Empty);
        group.Add(5, Configuration.Empty);
        group[1].Step(new Input.ProposeConfigurationChange(
            new ConfigurationChange([Add(4), Add(5), Remove(2), Remove(3)], ConfigurationTransition.JointExplicitLeave)));
        group.RunSeconds(0.3);
        Assert.That(group[1].Node.Configuration.IsJoint, Is.True);
        group.Stop(4);
        group.Stop(5);
        LogIndex before = group[1].Node.Commit;
        group.Propose(1, "a");
        group.RunSeconds(0.3);
        Assert.That(group[1].Node.Commit, Is.EqualTo(before));
        group.Restart(4);
        group.RunSeconds(0.3);
        Assert.That(group[1].Node.Commit, Is.EqualTo(before.Next));
        group[1].Step(new Input.ProposeConfigurationChange(ConfigurationChange.LeaveJoint));
        group.RunSeconds(0.3);
        Assert.That(group[1].Node.Configuration.IsJoint, Is.False);
    }

    [Test]
    public void D3_the_next_leader_finishes_a_joint_change_whose_leader_died()
    {
        for (int losses = 0; losses < 12; losses++)
        {
            TestGroup group = TestGroup.Led(3);
            group.Add(4, Configuration.Empty);
            group.Add(5, Configuration.Empty);
            Assert.That(Change(group[1], Learn(4), Learn(5)).Accepted, Is.EqualTo(1));
            group.RunSeconds(0.5);
            Change(group[1], Add(4), Add(5), Remove(3));
            for (int i = 0; i < losses; i++)
            {
                group.DeliverOnce();
            }

            group[1].TakeMessages();
            group.Stop(1);
            group.RunSeconds(8);
            TestReplica leader = group.Leader ?? throw new InvalidOperationException($"no leader after {losses} rounds");
            Assert.That(leader.Node.Configuration.IsJoint, Is.False, $"after {losses} rounds");
            Assert.That(
                leader.Node.Configuration.Voters, Is.EqualTo(new[] { Id(1), Id(2), Id(3) }).Or.EqualTo(new[] { Id(1), Id(2), Id(4), Id(5) }));
            group.Propose(leader.Id.Value, "still alive");
            LogIndex proposed = leader.Node.Last.Index;
            group.RunSeconds(0.5);
            Assert.That(leader.Applied, Is.EqualTo(proposed));
        }
    }

    /// <summary>Found by the random scheduler: the end of the joint configuration is known only to those who have left it, and their
    /// logs are longer than those of the voters that remain, so that nobody could be elected.</summary>
    [Test]
    public void D3_those_who_left_a_joint_configuration_tell_the_candidates_that_stayed_that_it_is_over()
    {
        TestGroup group = TestGroup.Led(4);
        group[3].HoldApply = true;
        group[4].HoldApply = true;
        group.Lose = m => m is AppendEntries { Commit.Value: >= 3 } or Heartbeat { Commit.Value: >= 3 } or TimeoutNow && m.To.Value > 2;
        Change(group[1], Remove(1), Remove(2));
        group.Deliver();
        group[3].HoldApply = false;
        group[4].HoldApply = false;
        group[3].CompleteApplies();
        group[4].CompleteApplies();
        Assert.That(group[1].Node.Role, Is.EqualTo(Role.Follower), "the leader has left");
        Assert.That(group[2].Node.Configuration.IsJoint, Is.False);
        Assert.That(group[3].Node.Configuration.IsJoint, Is.True);
        Assert.That(group[4].Node.Configuration.IsJoint, Is.True);
        group[2].Receive(new AppendEntries(
            Id(1), Id(2), new Term(1), group[2].Node.Last, [Inputs.Command(1, group[2].Node.Last.Index.Value + 1)], LogIndex.Zero, false));
        group.Stop(1);
        group.Heal();
        group.RunSeconds(10);
        Assert.That(group.Leader, Is.Not.Null);
        Assert.That(group.Leader!.Node.Configuration.Voters, Is.EqualTo(new[] { Id(3), Id(4) }));
        Assert.That(group.Leader.Node.Configuration.IsJoint, Is.False);
    }

    [Test]
    public void D4_a_leader_that_removes_itself_leads_until_the_change_is_applied_and_then_steps_down()
    {
        TestGroup group = TestGroup.Led(3);
        group.Isolate(1);
        Change(group[1], Remove(1));
        group[1].TakeMessages();
        Assert.That(group[1].Node.Role, Is.EqualTo(Role.Leader));
        group.Heal();
        group.RunSeconds(0.3);
        Assert.That(group[1].Node.Role, Is.EqualTo(Role.Follower));
        group.RunSeconds(5);
        Assert.That(group[1].Node.Role, Is.EqualTo(Role.Follower));
        Assert.That(group.Leader!.Id, Is.Not.EqualTo(Id(1)));
        Assert.That(group.Leader.Node.Configuration.Voters, Is.EqualTo(new[] { Id(2), Id(3) }));
    }

    [TestCase(FailoverMode.Fast)]
    [TestCase(FailoverMode.Lease)]
    public void D4_a_leader_that_removes_itself_hands_over_without_any_timer(FailoverMode mode)
    {
        TestGroup group = TestGroup.Led(3, new RaftOptions { FailoverMode = mode });
        Change(group[1], Remove(1));
        group.Deliver();
        Assert.That(group.Leader?.Node.Configuration.Voters, Is.EqualTo(new[] { Id(2), Id(3) }));
    }

    [TestCase(FailoverMode.Fast)]
    [TestCase(FailoverMode.Lease)]
    public void D4_a_leader_that_swaps_itself_for_another_hands_over_to_one_that_applies_the_change_first(FailoverMode mode)
    {
        TestGroup group = TestGroup.Led(3, new RaftOptions { FailoverMode = mode });
        group.Add(4, Configuration.Empty);
        Change(group[1], Learn(4));
        group.Deliver();
        foreach (ulong id in new ulong[] { 2, 3, 4 })
        {
            group[id].HoldApply = true;
        }

        Change(group[1], Add(4), Remove(1));
        group.Deliver();
        Assert.That((group[1].Node.Role, group.Leader), Is.EqualTo((Role.Follower, (TestReplica?)null)));
        foreach (ulong id in new ulong[] { 2, 3, 4 })
        {
            group[id].HoldApply = false;
            group[id].CompleteApplies();
        }

        group.Deliver();
        Assert.That(group.Leader?.Node.Configuration.Voters, Is.EqualTo(new[] { Id(2), Id(3), Id(4) }));
        Assert.That(group.Delivered.OfType<TimeoutNow>().Count(), Is.EqualTo(1));
    }

    [Test]
    public void D4_who_was_asked_to_take_over_and_applies_the_change_much_later_leaves_it_to_the_timers()
    {
        TestGroup group = TestGroup.Led(3);
        group[2].HoldApply = true;
        group[3].HoldApply = true;
        Change(group[1], Remove(1));
        group.Deliver();
        group.RunSeconds(1.01);
        foreach (ulong id in new ulong[] { 2, 3 })
        {
            group[id].HoldApply = false;
            group[id].CompleteApplies();
        }

        group.Deliver();
        Assert.That(group.Leader, Is.Null);
        group.RunSeconds(5);
        Assert.That(group.Leader, Is.Not.Null);
    }

    [Test]
    public void D6_voter_and_learner_swap_places_though_one_of_the_others_is_down()
    {
        TestGroup group = TestGroup.Led(3);
        group.Add(4, Configuration.Empty);
        Change(group[1], Learn(4));
        group.RunSeconds(0.3);
        group.Stop(2);
        Change(group[1], Add(4), Learn(3));
        group.RunSeconds(0.5);
        AssertVoters(group, 1, 2, 4);
        Assert.That(group[1].Node.Configuration.Learners, Is.EqualTo(new[] { Id(3) }));
    }

    [Test]
    public void D8_after_a_snapshot_the_configuration_is_the_snapshots()
    {
        TestGroup group = TestGroup.Led(3);
        Configuration changed = Configuration.OfVoters(Id(1), Id(2), Id(3), Id(4));
        group[3].Receive(new InstallSnapshot(Id(1), Id(3), new Term(1), new SnapshotMetadata(Inputs.Position(50, 1), changed)));
        group[3].CompleteSnapshot();
        Assert.That(group[3].Node.Configuration, Is.SameAs(changed));
    }

    [Test]
    public void A11_a_configuration_without_voters_commits_nothing_and_elects_nobody()
    {
        var group = new TestGroup(new RaftOptions(), Configuration.Empty, 1);
        group[1].Step(new Input.Campaign());
        group.RunSeconds(5);
        Assert.That(group[1].Node.Role, Is.EqualTo(Role.Follower));
        Assert.That(group[1].Node.Commit, Is.EqualTo(LogIndex.Zero));
    }

    [Test]
    public void The_configurations_that_come_with_committed_entries_are_computed_in_sequence()
    {
        TestGroup group = TestGroup.Led(3);
        group[3].HoldApply = true;
        Change(group[1], Learn(4));
        group.Deliver();
        Change(group[1], Learn(5));
        group.Deliver();
        Assert.That(group[3].Node.Configuration.Learners, Is.Empty);
        group[3].CompleteApplies();
        Assert.That(group[3].Node.Configuration.Learners, Is.EqualTo(new[] { Id(4), Id(5) }));
    }
}
