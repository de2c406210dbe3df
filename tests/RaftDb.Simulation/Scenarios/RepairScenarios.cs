using NUnit.Framework;
using RaftDb.Raft;
using RaftDb.Raft.Membership;
using RaftDb.Server.Ranges;
using RaftDb.Simulation.Clients;

namespace RaftDb.Simulation.Scenarios;

/// <summary>What is damaged on one node is replaced from the others, without anybody's help.</summary>
internal sealed class RepairScenarios
{
    private const string Condemned = "H6 replica condemned by a comparison";

    [Test]
    public void G2_a_replica_whose_log_has_rotted_is_replaced_by_a_new_one_that_votes()
    {
        using Scenario scenario = new(adjust: o => o with { Repairs = true });
        scenario.Write(100);
        int rotten = scenario.Follower();
        ReplicaId before = scenario.Replica(rotten).Id;
        scenario.Kill(rotten);
        for (int i = 0; i < 10; i++)
        {
            scenario.Machine(rotten).Disk.FlipBit(powerMayGo: false);
        }

        scenario.Start(rotten);
        Assert.That(scenario.Machine(rotten).Process!.Troubles.Select(t => t.Range), Does.Contain(scenario.Range));
        scenario.Until(() => VotesAgain(scenario, rotten, before), "a new replica votes in the place of the rotten one", 60);

        scenario.Write(20);
        scenario.Converge();
    }

    [Test]
    public void H2_a_replica_whose_state_can_not_be_written_is_replaced_by_a_new_one_that_votes()
    {
        using Scenario scenario = new(adjust: o => o with { Repairs = true });
        scenario.Write(20);
        int broken = scenario.Follower();
        ReplicaId before = scenario.Replica(broken).Id;
        scenario.Machine(broken).Disk.MarkDamaged();
        for (int i = 0; i < 20; i++)
        {
            scenario.Machine(broken).States.BreakOne();
        }

        scenario.Write(20);
        scenario.Until(() => VotesAgain(scenario, broken, before), "a new replica votes in the place of the halted one", 60);

        scenario.Write(20);
        scenario.Converge();
    }

    [Test]
    public void H6_a_row_that_rots_in_one_replica_is_found_by_comparison_and_the_replica_is_replaced([Values] bool leads)
    {
        using Scenario scenario = new(adjust: o => o with { Repairs = true, ChecksEvery = TimeSpan.FromSeconds(2) });
        scenario.Load();
        int rotten = leads ? scenario.Leader : scenario.Follower();
        ReplicaId before = scenario.Replica(rotten).Id;
        scenario.RunFor(5000);
        Assert.That(scenario.Mark(Condemned), Is.Zero);

        scenario.Machine(rotten).Disk.MarkDamaged();
        Assert.That(scenario.Machine(rotten).States.RotOne(SimClients.Unread), Is.EqualTo(scenario.Range));
        scenario.Until(() => VotesAgain(scenario, rotten, before), "a new replica votes in the place of the rotten one", 60);

        Assert.That(scenario.Mark(Condemned), Is.EqualTo(1));
        scenario.RunFor(5000);
        scenario.Converge();
    }

    [Test]
    public void A_leader_that_halts_while_its_group_is_quiet_is_replaced_by_another()
    {
        using Scenario scenario = new(adjust: o => o with { Repairs = true, Raft = o.Raft with { QuiesceAfterHeartbeats = 2 } });
        scenario.Write(20);
        int halted = scenario.Leader;
        ReplicaId before = scenario.Replica(halted).Id;
        scenario.Until(() => Enumerable.Range(1, 3).All(n => scenario.Replica(n).Consensus.IsQuiet), "the group is quiet");
        scenario.Machine(halted).Disk.MarkDamaged();
        scenario.Replica(halted).Halt("A comparison has found that it differs");
        scenario.Until(() => VotesAgain(scenario, halted, before), "a new replica votes in the place of the halted one", 60);
        scenario.Converge();
    }

    [Test]
    public void A_range_that_is_about_to_get_a_lost_replica_back_gets_it_whatever_else_is_to_be_moved()
    {
        using Scenario scenario = new(nodes: 5, adjust: o => o with { Repairs = true, ReplicationFactor = 3 });
        scenario.Write(20);
        int broken = Enumerable.Range(1, 3).First(n => n != scenario.Leader);
        int moved = Enumerable.Range(1, 3).First(n => n != scenario.Leader && n != broken);
        ReplicaId before = scenario.Replica(broken).Id;
        scenario.Machine(broken).Disk.MarkDamaged();
        for (int i = 0; i < 20; i++)
        {
            scenario.Machine(broken).States.BreakOne();
        }

        scenario.Write(20);
        scenario.Until(() => scenario.World.Checks.Of(scenario.Range).Configuration is { Voters.Count: 2, Learners.Count: 1 }, "a new replica in the place of the broken one");
        List<RequestError?> answers = scenario.Move(moved, 5);
        scenario.RunFor(100);
        scenario.Kill(5);
        scenario.Until(() => VotesAgain(scenario, broken, before), "three replicas vote", 60);

        Assert.That(answers, Has.One.Matches<RequestError?>(static e => e?.Code == ErrorCode.Unavailable));
        scenario.Converge();
    }

    [Test]
    public void A_replica_that_was_about_to_come_back_on_a_node_that_dies_comes_back_on_another()
    {
        using Scenario scenario = new(nodes: 4, adjust: o => o with { Repairs = true, ReplicationFactor = 3 });
        scenario.Write(20);
        int broken = Enumerable.Range(1, 3).First(n => n != scenario.Leader);
        scenario.Machine(broken).Disk.MarkDamaged();
        for (int i = 0; i < 20; i++)
        {
            scenario.Machine(broken).States.BreakOne();
        }

        scenario.Write(20);
        scenario.Until(() => scenario.World.Checks.Of(scenario.Range).Configuration is { Voters.Count: 2, Learners.Count: 1 }, "a new replica in the place of the broken one");
        scenario.Kill(broken);
        scenario.Until(
            () => scenario.World.Checks.Of(scenario.Range).Configuration is { IsJoint: false, Voters.Count: 3 }, "three replicas vote, though one node is away", 60);

        Assert.That(scenario.Replica(4).IsVoter);
        scenario.Converge();
    }

    private static bool VotesAgain(Scenario scenario, int node, ReplicaId before)
    {
        Configuration configuration = scenario.World.Checks.Of(scenario.Range).Configuration!;
        return scenario.Machine(node).Process?.Replicas.Find(scenario.Range) is { Halted: null } now && now.Id.Value > before.Value
            && configuration.Voters.Count == 3 && configuration.IsVoter(now.Id);
    }
}
