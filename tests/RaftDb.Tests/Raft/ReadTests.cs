using RaftDb.Raft;
using RaftDb.Raft.Messages;
using RaftDb.Tests.Raft.Harness;

namespace RaftDb.Tests.Raft;

/// <summary>Thesis chapter 6.4: linearizable reads without the log, by quorum rounds and by leases.</summary>
internal sealed class ReadTests
{
    private static readonly RaftOptions Leases = new() { FailoverMode = FailoverMode.Lease };

    private static ReadOutcome Confirmed(ulong context, ulong index) => new(context, new LogIndex(index), false);

    private static ReadOutcome Refused(ulong context) => new(context, LogIndex.Zero, true);

    [Test]
    public void Section_6_4_a_read_is_confirmed_by_a_quorum_round_at_the_commit_index()
    {
        TestGroup group = TestGroup.Led(3);
        group.Propose(1, "a");
        group.Deliver();
        group[1].Step(new Input.ReadIndex(7));
        Assert.That(group[1].Reads, Is.Empty);
        group.Deliver();
        Assert.That(group[1].Reads, Is.EqualTo(new[] { Confirmed(7, 2) }));
    }

    [Test]
    public void A_single_voter_confirms_reads_at_once()
    {
        TestGroup group = TestGroup.Led(1);
        group[1].Step(new Input.ReadIndex(7));
        Assert.That(group[1].Reads, Is.EqualTo(new[] { Confirmed(7, 1) }));
    }

    [Test]
    public void Reads_of_one_step_share_a_round_and_later_ones_share_the_next()
    {
        TestGroup group = TestGroup.Led(3);
        group[1].Step(new Input.ReadIndex(1), new Input.ReadIndex(2));
        group[1].Step(new Input.ReadIndex(3));
        group[1].Step(new Input.ReadIndex(4));
        group.Delivered.Clear();
        group.Deliver();
        Assert.That(group[1].Reads.Select(r => r.Context), Is.EqualTo(new ulong[] { 1, 2, 3, 4 }));
        Assert.That(group.Delivered.OfType<Heartbeat>().Select(h => h.ReadRound).Distinct().Count(), Is.EqualTo(2));
    }

    [Test]
    public void C1_a_read_waits_until_an_entry_of_the_term_is_committed()
    {
        TestGroup group = TestGroup.OfVoters(3);
        group.Lose = m => m is AppendEntries;
        group.Elect(1);
        group[1].Step(new Input.ReadIndex(1));
        group.RunSeconds(0.5);
        Assert.That(group[1].Reads, Is.Empty);
        group.Heal();
        group.RunSeconds(0.5);
        Assert.That(group[1].Reads, Is.EqualTo(new[] { Confirmed(1, 1) }));
    }

    [Test]
    public void C2_answers_to_an_old_round_confirm_nothing_new()
    {
        TestGroup group = TestGroup.Led(3);
        group[1].Step(new Input.ReadIndex(1));
        group.Deliver();
        List<HeartbeatResponse> old = [.. group.Delivered.OfType<HeartbeatResponse>()];
        group.Isolate(1);
        group[1].Step(new Input.ReadIndex(1));
        foreach (HeartbeatResponse answer in old.Concat(old))
        {
            group[1].Receive(answer);
            group[1].Receive(answer with { ReadRound = 1_000_000 });
        }

        Assert.That(group[1].Reads.Count, Is.EqualTo(1), "the second read, under the same context, is still open");
    }

    [Test]
    public void C3_an_isolated_old_leader_answers_no_read_and_refuses_when_it_steps_down()
    {
        TestGroup group = TestGroup.Led(3);
        group.Isolate(1);
        group[1].Step(new Input.ReadIndex(1));
        group.RunSeconds(0.9);
        Assert.That(group[1].Reads, Is.Empty);
        group.RunSeconds(4);
        Assert.That(group[1].Reads, Is.EqualTo(new[] { Refused(1) }));
    }

    [Test]
    public void A_follower_asks_the_leader_and_gets_a_confirmed_index()
    {
        TestGroup group = TestGroup.Led(3);
        group[3].Step(new Input.ReadIndex(9));
        group.Deliver();
        Assert.That(group[3].Reads, Is.EqualTo(new[] { Confirmed(9, 1) }));
    }

    [Test]
    public void A_follower_refuses_when_it_knows_no_leader_or_the_leader_changes_or_keeps_silent()
    {
        TestGroup group = TestGroup.OfVoters(3);
        group[3].Step(new Input.ReadIndex(1));
        Assert.That(group[3].Reads, Is.EqualTo(new[] { Refused(1) }));

        group.Elect(1);
        group.Lose = m => m is ReadIndexRequest;
        group[3].Step(new Input.ReadIndex(2));
        group.RunSeconds(1.1);
        Assert.That(group[3].Reads[^1], Is.EqualTo(Refused(2)));
        Assert.That(group[3].Node.Leader, Is.EqualTo(new ReplicaId(1)));

        group[3].Step(new Input.ReadIndex(3));
        group[1].Step(new Input.TransferLeadership(new ReplicaId(2)));
        group.Deliver();
        Assert.That(group[3].Reads[^1], Is.EqualTo(Refused(3)));
    }

    [Test]
    public void A_replica_that_does_not_lead_refuses_the_reads_of_others()
    {
        TestGroup group = TestGroup.Led(3);
        group[2].Receive(new ReadIndexRequest(new ReplicaId(3), new ReplicaId(2), new Term(1), 5));
        Assert.That(group[2].TakeMessages<ReadIndexResponse>().Single().Refused, Is.True);
    }

    [Test]
    public void Section_6_4_1_a_lease_lasts_from_the_sending_of_the_round_for_less_than_the_election_timeout()
    {
        TestGroup group = TestGroup.Led(3, Leases);
        group.RunSeconds(0.1);
        Instant sent = group.Now;
        group.Isolate(1);
        Assert.That(group[1].Node.HoldsLease(sent + TimeSpan.FromMilliseconds(849)), Is.True);
        Assert.That(group[1].Node.HoldsLease(sent + TimeSpan.FromMilliseconds(951)), Is.False);
    }

    [Test]
    public void C5_the_lease_counts_from_sending_and_not_from_the_answer()
    {
        TestGroup group = TestGroup.Led(3, Leases);
        group.Lose = m => m is HeartbeatResponse;
        group[1].Step(Input.Tick.Instance);
        List<Heartbeat> held = group[1].TakeMessages<Heartbeat>();
        foreach (Heartbeat heartbeat in held)
        {
            group[(ulong)heartbeat.To.Value].Receive(heartbeat);
        }

        group.SetTime(group.Now + TimeSpan.FromMilliseconds(960));
        group.Heal();
        group.Deliver();
        Assert.That(group[1].Node.HoldsLease(group.Now), Is.False);
    }

    [Test]
    public void Fast_failover_gives_no_lease()
    {
        TestGroup group = TestGroup.Led(3);
        group.RunSeconds(0.5);
        Assert.That(group[1].Node.HoldsLease(group.Now), Is.False);
    }

    [Test]
    public void C7_after_TimeoutNow_the_lease_is_dropped_and_not_resumed_though_the_transfer_fails()
    {
        TestGroup group = TestGroup.Led(3, Leases);
        group.RunSeconds(0.3);
        Assert.That(group[1].Node.HoldsLease(group.Now), Is.True);
        group.Lose = m => m is TimeoutNow;
        group[1].Step(new Input.TransferLeadership(new ReplicaId(2)));
        Assert.That(group[1].Node.HoldsLease(group.Now), Is.False);
        group.RunSeconds(1.5);
        Assert.That(group[1].Transfers.Single().Succeeded, Is.False);
        Assert.That(group[1].Node.Role, Is.EqualTo(Role.Leader));
        Assert.That(group[1].Node.HoldsLease(group.Now), Is.False, "the lost message may still arrive");
        group[1].Step(new Input.ReadIndex(1));
        group.Deliver();
        Assert.That(group[1].Reads.Single().Refused, Is.False);
        Assert.That(group.Propose(1, "resumed").Accepted, Is.EqualTo(1));
    }

    [Test]
    public void Leases_of_different_leaders_never_overlap()
    {
        TestGroup group = TestGroup.Led(3, Leases);
        group.RunSeconds(0.5);
        group.Isolate(1);
        for (int i = 0; i < 6000; i++)
        {
            group.RunSeconds(0.001);
            Assert.That(group.Replicas.Count(r => r.Node.HoldsLease(group.Now)), Is.LessThanOrEqualTo(1));
        }

        Assert.That(group.Leader!.Id, Is.Not.EqualTo(new ReplicaId(1)));
        Assert.That(group.Leader.Node.HoldsLease(group.Now), Is.True);
    }
}
