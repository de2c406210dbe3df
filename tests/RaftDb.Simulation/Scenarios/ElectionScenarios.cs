using NUnit.Framework;
using RaftDb.Raft;
using RaftDb.Raft.Membership;
using RaftDb.Simulation.Network;

namespace RaftDb.Simulation.Scenarios;

/// <summary>Rows A of the table of known failures, on whole nodes. Every step of every scenario is checked as in the swarm.</summary>
internal sealed class ElectionScenarios
{
    [Test]
    public void A1_power_cuts_at_every_disk_operation_of_an_election_never_bring_a_second_vote()
    {
        for (int operation = 1; operation <= 8; operation++)
        {
            using Scenario scenario = new();
            int voter = scenario.Follower();
            scenario.Machine(voter).Disk.CutAt = operation;
            scenario.Kill(scenario.Leader);
            scenario.RunFor(3000);
            scenario.Start(voter);
            scenario.RunFor(1000);

            scenario.Converge();
        }
    }

    [Test]
    public void A3_a_vote_is_given_again_to_the_candidate_that_did_not_hear_of_it()
    {
        using Scenario scenario = new(adjust: o => o with { Raft = o.Raft with { PreVote = false } });
        scenario.Network(new NetworkFaults { DropPerMillion = 300_000, DuplicatePerMillion = 300_000 });
        for (int round = 0; round < 20 && scenario.Mark("A3 vote given again to the same candidate") == 0; round++)
        {
            int leader = scenario.Leader;
            if (leader != 0)
            {
                scenario.Kill(leader);
                scenario.RunFor(5000);
                scenario.Start(leader);
            }

            scenario.RunFor(5000);
        }

        Assert.That(scenario.Mark("A3 vote given again to the same candidate"), Is.Positive);
        scenario.Converge();
    }

    [Test]
    public void A4_a_lagging_node_that_rejoins_neither_raises_the_term_nor_unseats_the_leader()
    {
        using Scenario scenario = new(adjust: o => o with { Raft = o.Raft with { QuiesceAfterHeartbeats = 0 } });
        int away = scenario.Follower();
        scenario.Isolate(away);
        (int leader, Term term) = (scenario.Leader, scenario.Term);
        scenario.Write(30);
        scenario.RunFor(10_000);
        scenario.Heal();
        scenario.RunFor(5000);

        Assert.That(scenario.Leader, Is.EqualTo(leader));
        Assert.That(scenario.Term, Is.EqualTo(term));
        scenario.Converge();
    }

    [Test]
    public void A5_with_pre_votes_on_some_nodes_only_a_leader_emerges()
    {
        using Scenario scenario = new(nodes: 5, adjust: o => o with { MixedPreVote = true });
        scenario.Kill(scenario.Leader);
        scenario.Until(() => scenario.Leader != 0, "a new leader", 20);

        scenario.Converge();
    }

    [Test]
    public void A6_when_the_leader_dies_in_a_joint_configuration_the_others_agree_on_a_leader()
    {
        using Scenario scenario = new(nodes: 5);
        scenario.Change(ConfigurationTransition.JointExplicitLeave, (ConfigurationChangeKind.AddLearner, scenario.Follower()));
        scenario.Until(() => scenario.Leader != 0 && scenario.Consensus(scenario.Leader).Configuration.IsJoint, "the joint configuration");
        int leader = scenario.Leader;
        scenario.Kill(leader);
        scenario.Until(() => scenario.Leader != 0 && scenario.Leader != leader, "a new leader", 20);

        Assert.That(scenario.Mark("A6 leader elected in a joint configuration"), Is.Positive);
        scenario.Start(leader);
        scenario.Until(() => scenario.Leader != 0, "a leader");
        scenario.Converge();
    }

    [Test]
    public void A7_a_leader_that_only_sends_steps_down_and_the_term_does_not_storm()
    {
        using Scenario scenario = new();
        int leader = scenario.Leader;
        Term term = scenario.Term;
        scenario.CutOneWay(scenario.Follower(0), leader);
        scenario.CutOneWay(scenario.Follower(1), leader);
        scenario.Load();
        scenario.Until(() => scenario.Consensus(leader).Role != Role.Leader, "the leader steps down", 20);
        scenario.RunFor(20_000);

        Assert.That(scenario.Term.Value, Is.LessThan(term.Value + 6));
        scenario.Converge();
    }

    [Test]
    public void A8_a_voter_that_was_made_a_learner_while_it_was_away_does_not_disturb()
    {
        using Scenario scenario = new();
        int away = scenario.Follower();
        scenario.Isolate(away);
        scenario.Change(ConfigurationTransition.Auto, (ConfigurationChangeKind.AddLearner, away));
        scenario.Until(() => scenario.Consensus(scenario.Leader).Configuration.IsLearner(scenario.IdOn(away)), "the change");
        scenario.RunFor(10_000);
        (int leader, Term term) = (scenario.Leader, scenario.Term);
        scenario.Heal();
        scenario.RunFor(10_000);

        Assert.That((scenario.Leader, scenario.Term), Is.EqualTo((leader, term)));
        scenario.Converge();
    }

    [Test]
    public void A10_a_learner_that_does_not_know_that_it_votes_grants_and_its_voice_counts()
    {
        using Scenario scenario = new();
        int learner = scenario.Follower();
        scenario.Change(ConfigurationTransition.Auto, (ConfigurationChangeKind.AddLearner, learner));
        scenario.Until(() => scenario.Consensus(scenario.Leader).Configuration.IsLearner(scenario.IdOn(learner)), "the demotion");
        scenario.RunFor(500);
        scenario.Change(ConfigurationTransition.Auto, (ConfigurationChangeKind.AddVoter, learner));
        scenario.RunFor(500);
        scenario.Kill(scenario.Leader);
        scenario.Until(() => scenario.Leader != 0, "a new leader, which needs the voice of the former learner", 20);

        scenario.Converge();
    }
}
