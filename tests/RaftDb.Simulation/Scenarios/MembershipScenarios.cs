using NUnit.Framework;
using RaftDb.Raft.Membership;
using RaftDb.Simulation.Clients;
using RaftDb.Simulation.Core;

namespace RaftDb.Simulation.Scenarios;

/// <summary>Rows D and E of the table of known failures, on whole nodes.</summary>
internal sealed class MembershipScenarios
{
    [Test]
    public void D3_the_next_leader_finishes_a_joint_change_whose_leader_died([Values(0, 5, 20, 60)] int diesAfter)
    {
        using Scenario scenario = new(nodes: 5);
        scenario.Change(ConfigurationTransition.JointAutoLeave, (ConfigurationChangeKind.AddLearner, scenario.Follower()));
        scenario.RunFor(diesAfter);
        int leader = scenario.Leader;
        scenario.Kill(leader);
        scenario.Until(() => scenario.Leader != 0 && scenario.Leader != leader, "a new leader", 20);
        scenario.Until(() => scenario.Leader != 0 && !scenario.Consensus(scenario.Leader).Configuration.IsJoint, "the joint configuration is left");

        scenario.Converge();
    }

    [Test]
    public void D4_a_leader_that_makes_itself_a_learner_hands_over_and_writes_go_on()
    {
        using Scenario scenario = new();
        int leader = scenario.Leader;
        scenario.Load();
        scenario.Change(ConfigurationTransition.Auto, (ConfigurationChangeKind.AddLearner, leader));
        scenario.Until(() => scenario.Leader != 0 && scenario.Leader != leader, "another leader", 20);

        Assert.That(scenario.Answer(scenario.Put(leader)).End, Is.EqualTo(OperationEnd.Done));
        scenario.Converge();
    }

    [Test]
    public void D5_D6_a_voter_and_a_learner_swap_places_while_another_node_is_away_and_nothing_is_lost()
    {
        using Scenario scenario = new(nodes: 5);
        int learner = scenario.Follower(0);
        scenario.Change(ConfigurationTransition.Auto, (ConfigurationChangeKind.AddLearner, learner));
        scenario.Until(() => scenario.Consensus(scenario.Leader).Configuration.IsLearner(scenario.IdOn(learner)), "the demotion");
        scenario.Load();
        int away = scenario.Follower(2) == learner ? scenario.Follower(3) : scenario.Follower(2);
        scenario.Isolate(away);
        int voter = Enumerable.Range(1, 5).First(n => n != scenario.Leader && n != learner && n != away);
        scenario.Change(ConfigurationTransition.Auto, (ConfigurationChangeKind.AddVoter, learner), (ConfigurationChangeKind.AddLearner, voter));
        scenario.Until(() => scenario.Leader != 0 && scenario.Consensus(scenario.Leader).Configuration is { IsJoint: false } c && c.IsLearner(scenario.IdOn(voter)), "the swap");

        scenario.Converge();
    }

    [Test]
    public void D8_a_snapshot_after_a_change_of_members_brings_the_latest_configuration()
    {
        using Scenario scenario = new(adjust: o => o with { Binlog = o.Binlog with { RetainedEntries = 0, RetainedBytes = 0 } });
        int away = scenario.Follower();
        int other = scenario.Follower(1);
        scenario.Kill(away);
        scenario.Change(ConfigurationTransition.Auto, (ConfigurationChangeKind.AddLearner, away));
        scenario.Write(100);
        scenario.Checkpoint(scenario.Leader);
        scenario.Start(away);
        scenario.Until(() => scenario.Consensus(away).Floor.Index.Value > 50, "the snapshot");

        Assert.That(scenario.Consensus(away).Configuration.IsLearner(scenario.IdOn(away)), Is.True);
        Assert.That(scenario.Consensus(away).Configuration.IsLearner(scenario.IdOn(other)), Is.False);
        scenario.Converge();
    }

    [Test]
    public void E1_a_transfer_to_a_node_that_is_away_fails_and_writes_go_on()
    {
        using Scenario scenario = new();
        int away = scenario.Follower();
        scenario.Isolate(away);
        scenario.RunFor(100);
        List<Server.Ranges.RequestError?> answers = scenario.Transfer(away);
        scenario.Until(() => answers.Count > 0, "an answer", 5);

        Assert.That(answers[0], Is.Not.Null);
        Assert.That(scenario.Answer(scenario.Put(scenario.Leader)).End, Is.EqualTo(OperationEnd.Done));
        scenario.Converge();
    }

    [Test]
    public void E2_writes_around_transfers_end_one_way_or_the_other_and_leadership_moves()
    {
        using Scenario scenario = new();
        scenario.Load(200);
        int moved = 0;
        for (int round = 0; round < 10; round++)
        {
            int target = scenario.Follower();
            scenario.Transfer(target);
            scenario.RunFor(1000);
            moved += scenario.Leader == target ? 1 : 0;
        }

        Assert.That(moved, Is.GreaterThan(5));
        scenario.Converge();
        Assert.That(scenario.World.Clients.Operations, Has.None.Matches<ClientOperation>(o => o!.Ended == 0));
    }

    [Test]
    public void D5_a_group_that_shrinks_to_one_voter_and_grows_again_while_nodes_come_and_go_loses_nothing()
    {
        using Scenario scenario = new();
        scenario.Load();
        SimRandom dice = new(7);
        for (int round = 0; round < 12; round++)
        {
            if (scenario.Leader is > 0 and int leader)
            {
                int other = scenario.Follower(dice.Below(2));
                bool isLearner = scenario.Consensus(leader).Configuration.IsLearner(scenario.IdOn(other));
                scenario.Change(ConfigurationTransition.Auto, (isLearner ? ConfigurationChangeKind.AddVoter : ConfigurationChangeKind.AddLearner, other));
                scenario.RunFor(dice.Below(100));
                int victim = 1 + dice.Below(3);
                scenario.PowerCut(victim);
                scenario.RunFor(1500);
                scenario.Start(victim);
            }

            scenario.RunFor(1500);
        }

        scenario.World.Clients.End();
        scenario.Until(
            () => scenario.Leader != 0 && !scenario.Consensus(scenario.Leader).Configuration.IsJoint, "a leader");
        scenario.Converge();
    }

    [Test]
    public void D5_a_node_reads_from_any_replica_of_a_range_that_is_where_none_of_its_first_replicas_was()
    {
        using Scenario scenario = new(nodes: 6, adjust: o => o with { ReplicationFactor = 3, Repairs = true });
        scenario.Write(20);
        for (int node = 1; node <= 3; node++)
        {
            List<Server.Ranges.RequestError?> answers = scenario.Move(node, node + 3);
            scenario.Until(() => answers.Count > 0, "the move is over");
            Assert.That(answers[0], Is.Null);
            scenario.Until(() => scenario.Leader > 0 && !scenario.Consensus(scenario.Leader).Configuration.IsJoint, "a leader");
        }

        scenario.Until(() => scenario.Machine(1).Process!.Replicas.Find(scenario.Range) is null, "the replica that was moved away is given up");
        for (int i = 0; i < 20; i++)
        {
            Assert.That(scenario.Answer(scenario.Get(1)).End, Is.EqualTo(OperationEnd.Done));
        }

        scenario.Converge();
    }
}
