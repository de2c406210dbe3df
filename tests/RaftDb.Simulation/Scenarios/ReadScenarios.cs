using NUnit.Framework;
using RaftDb.Raft;
using RaftDb.Simulation.Clients;

namespace RaftDb.Simulation.Scenarios;

/// <summary>Rows C of the table of known failures, on whole nodes. That no read shows less than what was known when it began is checked of every answer.</summary>
internal sealed class ReadScenarios
{
    [Test]
    public void C1_reads_around_elections_wait_for_an_entry_of_the_new_term()
    {
        using Scenario scenario = new();
        scenario.Load(100);
        for (int round = 0; round < 5; round++)
        {
            int leader = scenario.Leader;
            scenario.Kill(leader);
            for (int i = 0; i < 20; i++)
            {
                scenario.RunFor(50);
                scenario.Get(1 + (i % 3));
            }

            scenario.Start(leader);
            scenario.Until(() => scenario.Leader != 0, "a leader");
        }

        scenario.Converge();
    }

    [Test]
    public void C3_a_leader_that_is_cut_off_answers_no_linearizable_read()
    {
        using Scenario scenario = new();
        int old = scenario.Leader;
        scenario.RunFor(200);
        scenario.Isolate(old);
        scenario.Until(() => scenario.World.LeaderOf(scenario.Range)!.Value.Process.Machine.Index + 1 != old, "another leader", 20);
        scenario.Answer(scenario.Put(scenario.Leader));
        ClientOperation read = scenario.Answer(scenario.Get(old));

        Assert.That(read.End, Is.EqualTo(OperationEnd.NotDone));
        scenario.Converge();
    }

    [Test]
    public void What_was_forwarded_to_a_paused_leader_is_given_up_when_another_node_leads()
    {
        using Scenario scenario = new();
        int old = scenario.Leader;
        int node = scenario.Follower();
        scenario.RunFor(200);
        scenario.Pause(old);
        ClientOperation read = scenario.Get(node);
        ClientOperation write = scenario.Put(node);
        scenario.Until(() => scenario.Leader is var leader && leader != 0 && leader != old, "another leader", 20);
        scenario.RunFor(400);

        Assert.That((read.End, write.Ended > 0), Is.EqualTo((OperationEnd.Done, true)));
        scenario.Resume(old);
        scenario.Converge();
    }

    [Test]
    public void C4_a_read_at_a_node_that_replays_its_log_waits_until_it_has_caught_up()
    {
        using Scenario scenario = new(adjust: o => o with { CheckpointEvery = 100_000 });
        scenario.Write(300);
        int node = scenario.Follower();
        scenario.PowerCut(node);
        scenario.Write(50);
        scenario.Start(node);
        ClientOperation read = scenario.Answer(scenario.Get(node));

        Assert.That(read.End, Is.EqualTo(OperationEnd.Done));
        scenario.Converge();
    }

    [Test]
    public void C5_a_leader_that_slept_past_its_lease_holds_none_when_it_wakes()
    {
        using Scenario scenario = new(adjust: o => o with { Raft = o.Raft with { FailoverMode = FailoverMode.Lease } });
        scenario.Load();
        scenario.RunFor(2000);
        int leader = scenario.Leader;
        scenario.Pause(leader);
        scenario.RunFor(8000);
        scenario.Resume(leader);
        scenario.RunFor(3000);

        Assert.That(scenario.Mark("leases held"), Is.Positive);
        scenario.Converge();
    }

    [Test]
    public void C6_clocks_that_leap_drift_and_are_set_break_no_promise()
    {
        using Scenario scenario = new();
        scenario.Load(100);
        for (int round = 0; round < 12; round++)
        {
            scenario.Machine(1 + (round % 3)).Clock.LeapForward(1_500_000_000);
            scenario.Machine(1 + ((round + 1) % 3)).Clock.SetWallOffset(round % 2 == 0 ? -20_000 : 20_000);
            scenario.Machine(1 + ((round + 2) % 3)).Clock.SetDrift(round % 2 == 0 ? -200_000 : 200_000);
            scenario.RunFor(1500);
        }

        scenario.Converge();
    }

    [Test]
    public void C7_after_a_transfer_that_failed_the_old_leader_holds_no_lease_in_its_term()
    {
        using Scenario scenario = new(adjust: o => o with { Raft = o.Raft with { FailoverMode = FailoverMode.Lease, QuiesceAfterHeartbeats = 0 } });
        scenario.RunFor(3000);
        int leader = scenario.Leader;
        Term term = scenario.Term;
        int target = scenario.Follower();
        scenario.CutOneWay(leader, target);
        scenario.Transfer(target);
        scenario.RunFor(4000);

        if (scenario.Term == term)
        {
            Assert.That(scenario.Consensus(leader).HoldsLease(scenario.Machine(leader).Clock.Now), Is.False);
        }

        scenario.Converge();
    }
}
