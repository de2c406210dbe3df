using NUnit.Framework;
using RaftDb.Simulation.Clients;
using RaftDb.Simulation.Network;

namespace RaftDb.Simulation.Scenarios;

/// <summary>Rows B, F, G and H of the table of known failures, on whole nodes: logs, disks, snapshots, states.</summary>
internal sealed class LogScenarios
{
    [Test]
    public void B1_a_new_leader_takes_uncommitted_entries_of_earlier_terms_along_or_they_are_replaced()
    {
        using Scenario scenario = new(nodes: 5);
        int first = scenario.Leader;
        scenario.Partition([first, scenario.Follower(0)], [scenario.Follower(1), scenario.Follower(2), scenario.Follower(3)]);
        for (int i = 0; i < 5; i++)
        {
            scenario.Put(first, $"/key/{i}");
        }

        scenario.RunFor(100);
        scenario.Until(() => scenario.Leader != 0 && scenario.Leader != first, "a leader of the majority", 20);
        scenario.Write(5);
        scenario.Heal();
        scenario.RunFor(5000);

        Assert.That(scenario.Mark("suffixes replaced"), Is.Positive);
        scenario.Converge();
    }

    [Test]
    public void B2_what_a_leader_sent_but_could_not_write_is_never_another_entry()
    {
        using Scenario scenario = new();
        int leader = scenario.Leader;
        scenario.Machine(leader).Disk.FailAt = 1;
        scenario.Put(leader);
        scenario.Until(() => scenario.Machine(leader).Process is null, "the leader stops with its disk");
        scenario.RunFor(3000);
        scenario.Start(leader);

        Assert.That(scenario.Mark("nodes stopped by their disk"), Is.Positive);
        scenario.Converge();
    }

    [Test]
    public void B3_G6_a_follower_without_room_acknowledges_nothing_and_catches_up_when_there_is_some()
    {
        using Scenario scenario = new(adjust: o => o with { ValueBytes = 1500, Binlog = o.Binlog with { SegmentBytes = 64 << 10, RetainedEntries = 0, RetainedBytes = 0 } });
        int full = scenario.Follower();
        scenario.Machine(full).Disk.Room = scenario.Machine(full).Disk.Used;
        scenario.Write(200);
        scenario.RunFor(3000);

        Assert.That(scenario.Mark("G6 no room on the disk"), Is.Positive);
        Assert.That(scenario.Consensus(full).Persisted, Is.LessThan(scenario.Consensus(scenario.Leader).Commit));
        scenario.Converge();
    }

    [Test]
    public void B5_a_single_node_acknowledges_only_what_outlives_a_power_cut()
    {
        using Scenario scenario = new(nodes: 1);
        for (int round = 0; round < 10; round++)
        {
            ClientOperation put = scenario.Answer(scenario.Put(1));
            scenario.Put(1);
            scenario.PowerCut(1);
            scenario.Start(1);
            scenario.RunFor(2500);
            ClientOperation read = scenario.Answer(scenario.Get(1));

            Assert.That(read.ReadIndex, Is.GreaterThanOrEqualTo(put.Index));
        }

        scenario.Converge();
    }

    [Test]
    public void B7_doubled_and_overtaken_messages_move_nothing_back()
    {
        using Scenario scenario = new();
        scenario.Network(new NetworkFaults { DuplicatePerMillion = 300_000, ReorderPerMillion = 300_000, MaxDelay = 50_000_000 });
        scenario.Load(100);
        scenario.RunFor(20_000);

        Assert.That(scenario.Mark("B7 messages doubled") * scenario.Mark("B7 messages overtaken"), Is.Positive);
        scenario.Converge();
    }

    [Test]
    public void B9_a_long_divergence_is_found_without_a_new_write()
    {
        using Scenario scenario = new();
        int first = scenario.Leader;
        scenario.Isolate(first);
        for (int i = 0; i < 50; i++)
        {
            scenario.Put(first, $"/key/{i % 10}");
        }

        scenario.Until(() => scenario.Leader != 0 && scenario.Leader != first, "another leader", 20);
        scenario.RunFor(5000);
        scenario.Heal();
        scenario.Until(() => scenario.Consensus(first).Last == scenario.Consensus(scenario.Leader).Last, "equal logs");

        scenario.Converge();
    }

    [Test]
    public void F1_F5_a_follower_that_was_away_gets_a_snapshot_although_the_connection_breaks_in_between()
    {
        using Scenario scenario = new(adjust: o => o with { ValueBytes = 1500, KeysPerRange = 40, Binlog = o.Binlog with { SegmentBytes = 64 << 10, RetainedEntries = 0, RetainedBytes = 0 } });
        int away = scenario.Follower();
        scenario.Isolate(away);
        scenario.Write(200);
        scenario.Checkpoint(scenario.Leader);
        scenario.RunFor(8000);
        for (int i = 0; i < 5; i++)
        {
            scenario.Heal();
            scenario.RunFor(30 + (10 * i));
            scenario.Isolate(away);
            scenario.RunFor(6000);
        }

        scenario.Converge();
        Assert.That(scenario.Mark("F2 snapshot took the place of a log"), Is.Positive);
    }

    [Test]
    public void F3_a_power_cut_at_every_disk_operation_of_an_installation_leaves_the_old_state_or_the_new()
    {
        for (int operation = 1; operation <= 6; operation++)
        {
            using Scenario scenario = new(adjust: o => o with { Binlog = o.Binlog with { RetainedEntries = 0, RetainedBytes = 0 } });
            int away = scenario.Follower();
            scenario.Kill(away);
            scenario.Write(100);
            scenario.Checkpoint(scenario.Leader);
            scenario.Start(away);
            scenario.Machine(away).Disk.CutAt = operation;
            scenario.RunFor(8000);
            scenario.Start(away);
            scenario.RunFor(1000);

            scenario.Converge();
        }
    }

    [Test]
    public void G1_G4_G5_power_cuts_of_all_nodes_at_once_take_nothing_that_was_acknowledged()
    {
        using Scenario scenario = new(adjust: o => o with { Binlog = o.Binlog with { SegmentBytes = 64 << 10 }, ValueBytes = 1500 });
        scenario.Load(200);
        for (int round = 0; round < 10; round++)
        {
            scenario.RunFor(1500);
            for (int node = 1; node <= 3; node++)
            {
                scenario.PowerCut(node);
            }

            for (int node = 1; node <= 3; node++)
            {
                scenario.Start(node);
            }
        }

        scenario.RunFor(3000);
        Assert.That(scenario.Mark("G1 power cut with bytes not synced"), Is.Positive);
        scenario.Converge();
    }

    [Test]
    public void G2_G8_a_node_whose_log_rots_neither_votes_nor_acknowledges_with_it_and_the_others_go_on()
    {
        using Scenario scenario = new();
        scenario.Write(100);
        int rotten = scenario.Follower();
        scenario.Kill(rotten);
        for (int i = 0; i < 20; i++)
        {
            scenario.Machine(rotten).Disk.FlipBit(powerMayGo: false);
        }

        scenario.Start(rotten);
        scenario.RunFor(5000);

        Assert.That(scenario.Machine(rotten).OutOfService is not null || scenario.Machine(rotten).Process!.Troubles.Count > 0, Is.True);
        scenario.Write(20);
        scenario.Converge();
    }

    [Test]
    public void G3_a_sync_that_failed_is_not_believed_after_a_restart_and_a_power_cut()
    {
        for (int operation = 1; operation <= 6; operation++)
        {
            using Scenario scenario = new();
            scenario.Load(100);
            scenario.RunFor(500);
            int node = scenario.Follower();
            scenario.Machine(node).Disk.FailAt = operation;
            scenario.Until(() => scenario.Machine(node).Process is null, "the node stops with its disk");
            scenario.Start(node);
            scenario.RunFor(500);
            scenario.PowerCut(node);
            scenario.Start(node);
            scenario.RunFor(500);

            scenario.Converge();
        }
    }

    [Test]
    public void G7_replaced_entries_do_not_come_back_after_a_power_cut()
    {
        using Scenario scenario = new();
        int first = scenario.Leader;
        scenario.Isolate(first);
        for (int i = 0; i < 10; i++)
        {
            scenario.Put(first, $"/key/{i}");
        }

        scenario.Until(() => scenario.Leader != 0 && scenario.Leader != first, "another leader", 20);
        scenario.Write(3);
        scenario.Heal();
        scenario.Until(() => scenario.Mark("suffixes replaced") > 0, "the suffix is replaced");
        scenario.RunFor(500);
        scenario.PowerCut(first);
        scenario.Start(first);

        scenario.Converge();
        Assert.That(scenario.Mark("G7 power cut after a suffix was replaced"), Is.Positive);
    }

    [Test]
    public void H1_H6_states_that_fall_back_at_crashes_become_equal_again()
    {
        using Scenario scenario = new(adjust: o => o with { CheckpointEvery = 1000 });
        scenario.Load(100);
        for (int round = 0; round < 6; round++)
        {
            scenario.RunFor(3000);
            int node = 1 + (round % 3);
            scenario.PowerCut(node);
            scenario.Start(node);
        }

        Assert.That(scenario.Mark("H1 state fell back at a crash"), Is.Positive);
        scenario.Converge();
    }
}
