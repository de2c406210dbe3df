using NUnit.Framework;
using RaftDb.Raft.Log;
using RaftDb.Raft.Messages;
using RaftDb.Server.Transport;
using RaftDb.Simulation.Clients;
using RaftDb.Simulation.Nodes;
using RaftDb.Storage;

namespace RaftDb.Simulation.Scenarios;

/// <summary>What the simulator found by chance, each as a script. The loops of the simulated processes end a run in which a replica wants to be called again at once, for ever.</summary>
internal sealed class FoundScenarios
{
    [Test]
    public void A_leader_whose_expiry_is_under_way_does_not_spin()
    {
        using Scenario scenario = new();
        int leader = scenario.Leader;
        scenario.Answer(scenario.World.Clients.PutForAWhile(leader - 1, scenario.Range, SimClients.Key(scenario.Range, "/ttl/1")));
        scenario.Isolate(leader);
        scenario.RunFor(8000);

        scenario.Converge();
    }

    [Test]
    public void Reads_that_ran_out_of_time_where_nobody_leads_do_not_spin()
    {
        using Scenario scenario = new();
        int alone = scenario.Follower();
        scenario.Isolate(alone);
        ClientOperation read = scenario.Get(alone);
        scenario.Answer(read);
        Assert.That(read.End, Is.EqualTo(OperationEnd.NotDone));
        scenario.RunFor(5000);

        scenario.Converge();
    }

    [Test]
    public void A_write_that_waits_for_a_leader_does_not_spin_before_its_deadline()
    {
        using Scenario scenario = new();
        scenario.Partition([1], [2], [3]);
        scenario.RunFor(3000);
        ClientOperation[] writes = [scenario.Put(1), scenario.Put(2), scenario.Put(3)];
        foreach (ClientOperation write in writes)
        {
            Assert.That(scenario.Answer(write).End, Is.Not.EqualTo(OperationEnd.Done));
        }

        scenario.Converge();
    }

    [Test]
    public void A_checkpoint_right_behind_an_installed_snapshot_stops_nobody()
    {
        using Scenario scenario = new(adjust: o => o with { CheckpointEvery = 10, Binlog = o.Binlog with { SegmentBytes = 64 << 10, RetainedEntries = 0, RetainedBytes = 0 } });
        int away = scenario.Follower();
        scenario.Kill(away);
        scenario.Write(200);
        scenario.Checkpoint(scenario.Leader);
        scenario.Start(away);
        for (int i = 0; i < 300; i++)
        {
            scenario.Machine(away).Process?.Post(p => p.Replicas.Find(scenario.Range)?.Checkpoints.Run());
            scenario.RunFor(10);
        }

        Assert.That(scenario.Mark("F2 snapshot took the place of a log"), Is.Positive);
        scenario.Converge();
    }

    [Test]
    public void A_follower_whose_leader_knows_too_little_of_it_and_has_no_entries_left_to_ask_with_says_how_far_it_is()
    {
        using Scenario scenario = new(adjust: o => o with { CheckpointEvery = 10, Binlog = o.Binlog with { SegmentBytes = 64 << 10, RetainedEntries = 0, RetainedBytes = 0 } });
        int leader = scenario.Leader;
        int unheard = scenario.Follower();
        int other = scenario.Follower(1);
        scenario.CutOneWay(unheard, leader);
        scenario.Write(200);
        scenario.Checkpoint(leader);
        scenario.Until(() => scenario.Consensus(unheard).Applied == scenario.Consensus(leader).Applied, "the follower that is not heard applies all");
        scenario.Isolate(unheard);
        scenario.RunFor(10_000);
        scenario.Kill(other);
        scenario.Heal();

        Assert.That(scenario.Leader, Is.EqualTo(leader));
        Assert.That(scenario.Answer(scenario.Put(leader)).End, Is.EqualTo(OperationEnd.Done));
        Assert.That(scenario.Mark("F1 snapshot not beyond what is applied"), Is.Positive, "otherwise this tests nothing");
        scenario.Start(other);
        scenario.Converge();
    }

    [Test]
    public void A_node_that_does_not_use_its_own_replica_answers_by_asking_another()
    {
        using Scenario scenario = new();
        scenario.Write(20);
        int empty = scenario.Follower();
        scenario.Machine(empty).Wipe();
        scenario.Start(empty);
        scenario.RunFor(3000);

        Assert.That(scenario.Answer(scenario.Put(empty)).End, Is.EqualTo(OperationEnd.Done));
        Assert.That(scenario.Answer(scenario.Get(empty)).End, Is.EqualTo(OperationEnd.Done));
        scenario.Converge();
    }

    [Test]
    public void H2_a_read_goes_on_to_another_replica_when_the_one_asked_first_has_halted()
    {
        using Scenario scenario = new(nodes: 4, adjust: o => o with { ReplicationFactor = 3 });
        int broken = Enumerable.Range(1, 3).First(n => n != scenario.Leader);
        scenario.Machine(broken).Disk.MarkDamaged();
        for (int i = 0; i < 20; i++)
        {
            scenario.Machine(broken).States.BreakOne();
        }

        scenario.Write(20);
        scenario.Until(() => scenario.Replica(broken).Halted is not null, "the replica halts");
        for (int i = 0; i < 20; i++)
        {
            Assert.That(scenario.Answer(scenario.Get(4)).End, Is.EqualTo(OperationEnd.Done));
        }

        scenario.Converge();
    }

    [Test]
    public void C7_a_leader_cut_off_after_it_told_another_to_campaign_serves_no_read_by_its_lease()
    {
        using Scenario scenario = new(adjust: o => o with { Raft = o.Raft with { FailoverMode = RaftDb.Raft.FailoverMode.Lease } });
        int leader = scenario.Leader;
        int[] others = [scenario.Follower(0), scenario.Follower(1)];
        int next = others[0];
        scenario.Transfer(next);
        for (int wait = 0; wait < 50 && scenario.Consensus(next).Role == RaftDb.Raft.Role.Follower; wait++)
        {
            scenario.World.RunFor(TimeSpan.FromMicroseconds(100));
        }

        foreach (int other in others)
        {
            scenario.CutOneWay(other, leader);
        }

        scenario.RunFor(500);
        scenario.Put(next);
        scenario.RunFor(3000);

        scenario.Converge();
    }

    [Test]
    public void C5_answers_that_come_late_prolong_no_lease()
    {
        using Scenario scenario = new(adjust: o => o with { Raft = o.Raft with { FailoverMode = RaftDb.Raft.FailoverMode.Lease } });
        scenario.Load();
        scenario.RunFor(1000);
        int leader = scenario.Leader;
        long timeout = scenario.World.Swarm.Raft.ElectionTimeout.Ticks * 100;
        foreach (int other in new[] { scenario.Follower(0), scenario.Follower(1) })
        {
            scenario.World.Network.Clog(other - 1, leader - 1, scenario.World.Time.Now + (timeout * 9 / 10));
        }

        scenario.RunFor(1);
        foreach (int other in new[] { 1, 2, 3 })
        {
            scenario.CutOneWay(leader, other);
        }

        scenario.RunFor(5000);

        scenario.Converge();
    }

    [Test]
    public void What_is_appended_in_the_pass_that_takes_a_snapshot_is_in_the_log_before_the_snapshot()
    {
        using Scenario scenario = new(adjust: o => o with { Binlog = o.Binlog with { RetainedEntries = 0, RetainedBytes = 0 } });
        int behind = scenario.Follower();
        NodeId leader = scenario.Machine(scenario.Leader).Node;
        LogPosition last = scenario.Consensus(behind).Last;

        // 1. Entries are on their way to a follower, and stay on it.
        RangeMessage? late = null;
        scenario.World.Overheard = sent => late ??= sent.Range == scenario.Range && sent.Message is AppendEntries { Entries.Count: > 0 } append
            && append.To == scenario.Replica(behind).Id && append.Previous == last ? sent : null;
        scenario.Isolate(behind);
        scenario.Write(200);
        scenario.Checkpoint(scenario.Leader);
        Assert.That(late, Is.Not.Null);

        // 2. What it lacks is in no log any more: it gets a snapshot, and stands still when all but the end of that is there.
        bool begun = false;
        scenario.World.SnapshotBegins = _ => begun = true;
        scenario.Heal();
        for (int step = 0; step < 1_000_000 && !begun; step++)
        {
            scenario.World.RunFor(TimeSpan.FromMicroseconds(10));
        }

        Assert.That(begun);
        scenario.Pause(behind);
        scenario.RunFor(20);
        scenario.Resume(behind);
        scenario.World.RunFor(TimeSpan.FromMicroseconds(1));
        scenario.Pause(behind);

        // 3. The late entries come before the end of the snapshot, and the follower hears of both in one pass.
        SimProcess follower = scenario.Machine(behind).Process!;
        follower.Enter(() => follower.Handler.OnMessages(leader, [late!.Value]));
        scenario.RunFor(20);
        scenario.Resume(behind);
        scenario.Until(() => scenario.Consensus(behind).Floor.Index.Value > 100, "the snapshot takes the place of the log");

        scenario.Converge();
    }
}
