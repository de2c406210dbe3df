using RaftDb.Raft;
using RaftDb.Raft.Log;
using RaftDb.Raft.Membership;
using RaftDb.Raft.Messages;
using RaftDb.Tests.Raft.Harness;

namespace RaftDb.Tests.Raft;

/// <summary>Thesis chapter 3.10: handing leadership over.</summary>
internal sealed class TransferTests
{
    private static ReplicaId Id(ulong id) => new(id);

    private static void Transfer(TestGroup group, ulong to) => group[1].Step(new Input.TransferLeadership(Id(to)));

    [Test]
    public void Section_3_10_a_caught_up_voter_leads_after_a_few_messages_and_without_any_timer()
    {
        TestGroup group = TestGroup.Led(3);
        Transfer(group, 2);
        group.Deliver();
        Assert.That(group[2].Node.Role, Is.EqualTo(Role.Leader));
        Assert.That(group[1].Transfers, Is.EqualTo(new[] { new TransferOutcome(Id(2), true, null) }));
        Assert.That(group.Delivered.OfType<VoteRequest>().Where(r => r.Transfer).Select(r => r.PreVote), Is.All.False);
    }

    [Test]
    public void E1_a_lagging_target_is_caught_up_first()
    {
        TestGroup group = TestGroup.Led(3);
        group.Isolate(2);
        group.Propose(1, "a", "b");
        group.Deliver();
        group.Heal();
        Transfer(group, 2);
        group.RunSeconds(0.5);
        Assert.That(group[1].Transfers.Single().Succeeded, Is.True);
        Assert.That(group[2].Node.TermOf(new LogIndex(3)), Is.EqualTo(new Term(1)));
    }

    [Test]
    public void E1_learner_self_stranger_removed_and_dead_are_refused_at_once()
    {
        TestGroup group = TestGroup.Led(4);
        group[1].Step(new Input.ProposeConfigurationChange(new([new(ConfigurationChangeKind.AddLearner, Id(4))])));
        group.Deliver();
        group.Stop(3);
        group.RunSeconds(1.5);
        foreach (ulong target in new ulong[] { 1, 3, 4, 9 })
        {
            Transfer(group, target);
        }

        Assert.That(group[1].Transfers.Select(t => (t.To.Value, t.Succeeded)), Is.EqualTo(new[] { (1ul, false), (3ul, false), (4ul, false), (9ul, false) }));
        Assert.That(group[1].Transfers.Select(t => t.Detail), Is.All.Not.Empty);
        Assert.That(group.Propose(1, "a").Accepted, Is.EqualTo(1));
    }

    [Test]
    public void E1_a_replica_that_does_not_lead_refuses()
    {
        TestGroup group = TestGroup.Led(3);
        group[2].Step(new Input.TransferLeadership(Id(3)));
        Assert.That(group[2].Transfers.Single().Succeeded, Is.False);
    }

    [Test]
    public void E1_a_target_that_does_not_answer_costs_one_election_timeout_and_proposals_resume()
    {
        TestGroup group = TestGroup.Led(3);
        group.Lose = m => m.To == Id(2);
        Transfer(group, 2);
        Assert.That(group.Propose(1, "a").Refusal, Is.EqualTo(ProposalRefusal.Transferring));
        group.RunSeconds(1.05);
        Assert.That(group[1].Transfers.Single().Succeeded, Is.False);
        Assert.That(group.Propose(1, "a").Accepted, Is.EqualTo(1));
        group.Deliver();
        Assert.That(group[1].Applied, Is.EqualTo(new LogIndex(2)));
    }

    [Test]
    public void E1_a_target_that_is_removed_meanwhile_ends_the_transfer()
    {
        TestGroup group = TestGroup.Led(3);
        group.Lose = m => m.To == Id(2);
        group[1].Step(new Input.ProposeConfigurationChange(new([new(ConfigurationChangeKind.Remove, Id(2))])));
        Transfer(group, 2);
        group.Deliver();
        Assert.That(group[1].Transfers.Single().Succeeded, Is.False);
        Assert.That(group[1].Node.Role, Is.EqualTo(Role.Leader));
    }

    [Test]
    public void E1_another_target_takes_the_place_of_the_first()
    {
        TestGroup group = TestGroup.Led(3);
        group.Lose = m => m.To == Id(2);
        Transfer(group, 2);
        Transfer(group, 2);
        Transfer(group, 3);
        group.Heal();
        group.Lose = m => m is TimeoutNow && m.To == Id(2);
        group.Deliver();
        Assert.That(group[1].Transfers.Select(t => (t.To.Value, t.Succeeded)), Is.EqualTo(new[] { (2ul, false), (2ul, false), (3ul, true) }));
    }

    [Test]
    public void E2_every_write_around_a_transfer_is_taken_or_refused_and_none_stalls()
    {
        TestGroup group = TestGroup.Led(3);
        var accepted = new List<string>();
        for (int i = 0; i < 40; i++)
        {
            if (i == 10)
            {
                Transfer(group, 2);
            }

            ulong target = (group.Leader ?? group[1]).Id.Value;
            ProposalOutcome outcome = group.Propose(target, $"w{i}");
            Assert.That(outcome.Accepted == 1 ^ outcome.Refusal != ProposalRefusal.None, Is.True);
            if (outcome.Accepted == 1)
            {
                accepted.Add($"w{i}");
            }

            group.DeliverOnce();
        }

        group.RunSeconds(0.3);
        Assert.That(accepted.Count, Is.GreaterThan(25));
        foreach (TestReplica replica in group.Replicas)
        {
            IEnumerable<string> applied = replica.AppliedEntries
                .Where(e => e.Kind == EntryKind.Command).Select(e => System.Text.Encoding.UTF8.GetString(e.Data.Span));
            Assert.That(applied, Is.EqualTo(accepted));
        }
    }

    [Test]
    public void A_TimeoutNow_that_is_lost_is_sent_again()
    {
        TestGroup group = TestGroup.Led(3);
        group.Lose = m => m is TimeoutNow;
        Transfer(group, 2);
        group.Deliver();
        group.Heal();
        group.RunSeconds(0.25);
        Assert.That(group[2].Node.Role, Is.EqualTo(Role.Leader));
    }
}
