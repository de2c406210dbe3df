using RaftDb.Raft;
using RaftDb.Raft.Log;
using RaftDb.Raft.Messages;
using RaftDb.Tests.Raft.Harness;
using static RaftDb.Tests.Raft.Harness.Inputs;

namespace RaftDb.Tests.Raft;

/// <summary>Thesis chapter 3.4, 3.6.1, 3.10 and 9: who is elected, and who is left alone.</summary>
internal sealed class ElectionTests
{
    private static ReplicaId Id(ulong id) => new(id);

    private static VoteRequest Vote(ulong from, ulong to, ulong term, LogPosition last, bool pre = false, bool transfer = false, bool crashed = false) =>
        new(Id(from), Id(to), new Term(term), last, pre, transfer, crashed);

    [Test]
    public void Section_3_4_a_follower_that_hears_from_no_leader_campaigns_and_wins()
    {
        TestGroup group = TestGroup.OfVoters(3);
        group.RunSeconds(4);
        Assert.That(group.Leader, Is.Not.Null);
        Assert.That(group.Replicas.Select(r => r.Node.Leader), Is.All.EqualTo(group.Leader!.Id));
        Assert.That(group.Leader.AppliedEntries[0].Kind, Is.EqualTo(EntryKind.Noop));
    }

    [Test]
    public void Section_3_4_a_single_voter_elects_itself_only_when_its_own_vote_is_durable()
    {
        TestGroup group = TestGroup.OfVoters(1);
        group[1].HoldDisk = true;
        group[1].Step(new Input.Campaign());
        Assert.That(group[1].Node.Role, Is.EqualTo(Role.Candidate));
        group[1].CompleteWrites(1);
        Assert.That(group[1].Node.Role, Is.EqualTo(Role.Leader));
    }

    [Test]
    public void Section_3_4_each_term_has_at_most_one_vote_of_a_replica()
    {
        TestGroup group = TestGroup.OfVoters(3);
        TestReplica voter = group[1];
        voter.Receive(Vote(2, 1, 1, LogPosition.Zero));
        voter.Receive(Vote(3, 1, 1, LogPosition.Zero));
        Assert.That(voter.TakeMessages<VoteResponse>().Select(r => r.Granted), Is.EqualTo(new[] { true, false }));
    }

    [Test]
    public void A1_a_vote_leaves_only_after_term_and_vote_are_durable_in_one_write()
    {
        TestGroup group = TestGroup.OfVoters(3);
        TestReplica voter = group[1];
        voter.HoldDisk = true;
        Ready ready = voter.Receive(Vote(2, 1, 5, LogPosition.Zero));
        Assert.That(ready.Messages, Is.Empty);
        Assert.That(ready.HardState, Is.EqualTo(new HardState(new Term(5), Id(2), LogIndex.Zero)));
        Assert.That(ready.MustSync, Is.True);

        voter.Start();
        Assert.That(voter.Node.Term, Is.EqualTo(Term.Zero), "the crash came before the write");
        voter.HoldDisk = false;
        voter.Receive(Vote(3, 1, 5, LogPosition.Zero));
        voter.Start();
        voter.Receive(Vote(2, 1, 5, LogPosition.Zero));
        Assert.That(voter.TakeMessages<VoteResponse>().Single().Granted, Is.False);
    }

    [Test]
    public void A2_a_candidate_that_steps_down_in_its_term_keeps_its_vote()
    {
        TestGroup group = TestGroup.OfVoters(3, new RaftOptions { PreVote = false });
        group[1].Step(new Input.Campaign());
        group[1].Receive(new Heartbeat(Id(2), Id(1), new Term(1), LogIndex.Zero, 1, false));
        Assert.That(group[1].Node.Role, Is.EqualTo(Role.Follower));
        group[1].TakeMessages();
        group[1].Receive(Vote(3, 1, 1, Position(9, 1)));
        Assert.That(group[1].TakeMessages<VoteResponse>().Single().Granted, Is.False);
        Assert.That(group[1].HardState.Vote, Is.EqualTo(Id(1)));
    }

    [Test]
    public void A_candidate_asks_for_votes_with_all_that_is_durable_even_if_it_hears_of_both_in_one_step()
    {
        TestReplica follower = TestGroup.OfVoters(3)[1];
        follower.HoldDisk = true;
        follower.Receive(new AppendEntries(Id(2), Id(1), new Term(1), LogPosition.Zero, [Command(1, 1)], LogIndex.Zero, false));
        follower.Now = follower.Node.NextDeadline;
        follower.Step(new Input.EntriesPersisted(Position(1, 1)));
        Assert.That(follower.TakeMessages<VoteRequest>().Select(r => r.Last), Is.EqualTo(new[] { Position(1, 1), Position(1, 1) }));
    }

    [Test]
    public void A3_the_same_candidate_gets_its_vote_again()
    {
        TestGroup group = TestGroup.OfVoters(3);
        group[1].Receive(Vote(2, 1, 1, LogPosition.Zero));
        group[1].Receive(Vote(2, 1, 1, LogPosition.Zero));
        Assert.That(group[1].TakeMessages<VoteResponse>().Select(r => r.Granted), Is.EqualTo(new[] { true, true }));
    }

    [Test]
    public void A4_a_lagging_replica_that_rejoins_neither_raises_the_term_nor_unseats_the_leader()
    {
        TestGroup group = TestGroup.Led(3);
        Term term = group[1].Node.Term;
        group.Isolate(3);
        group.Propose(1, "a", "b");
        group.RunSeconds(10);
        Assert.That(group[3].Node.Role, Is.EqualTo(Role.PreCandidate));
        group.Heal();
        group.RunSeconds(5);
        Assert.That(group[1].Node.Role, Is.EqualTo(Role.Leader));
        Assert.That(group[1].Node.Term, Is.EqualTo(term));
        Assert.That(group[3].Applied, Is.EqualTo(group[1].Applied));
    }

    [Test]
    public void A5_with_pre_votes_on_some_replicas_only_a_leader_emerges()
    {
        TestGroup group = TestGroup.OfVoters(2, new RaftOptions { PreVote = false });
        group.RunSeconds(4);
        var mixed = new TestReplica(
            Id(3), group.Options with { PreVote = true }, RaftDb.Raft.Membership.Configuration.OfVoters(Id(1), Id(2), Id(3)), 7)
        { Now = group.Now };
        mixed.Start();

        // A pre-candidate of a low term is told the later one, and takes part from then on.
        mixed.Step(new Input.Campaign());
        mixed.TakeMessages();
        mixed.Receive(new VoteResponse(Id(1), Id(3), new Term(9), PreVote: true, Granted: false));
        Assert.That(mixed.Node.Term, Is.EqualTo(new Term(9)));
        Assert.That(mixed.Node.Role, Is.EqualTo(Role.Follower));
        Assert.That(group.Leader, Is.Not.Null);
    }

    [TestCase(3ul, 5ul, true, TestName = "Section_3_6_1_a_later_last_term_is_more_up_to_date")]
    [TestCase(2ul, 3ul, true, TestName = "Section_3_6_1_an_equal_log_is_up_to_date")]
    [TestCase(2ul, 4ul, true, TestName = "Section_3_6_1_a_longer_log_of_the_same_last_term_is_up_to_date")]
    [TestCase(2ul, 2ul, false, TestName = "Section_3_6_1_a_shorter_log_of_the_same_last_term_is_refused")]
    [TestCase(1ul, 9ul, false, TestName = "Section_3_6_1_an_earlier_last_term_is_refused")]
    public void Section_3_6_1_votes_go_to_logs_that_are_up_to_date(ulong lastTerm, ulong lastIndex, bool granted)
    {
        var group = new TestGroup(new RaftOptions(), RaftDb.Raft.Membership.Configuration.OfVoters(Id(1), Id(2)));
        TestReplica voter = group.Add(1, RaftDb.Raft.Membership.Configuration.OfVoters(Id(1), Id(2)), r =>
        {
            r.Disk.AddRange(LogOf(1, 1, 2));
            r.HardState = new HardState(new Term(2), ReplicaId.None, LogIndex.Zero);
        });
        voter.Receive(Vote(2, 1, 4, Position(lastIndex, lastTerm)));
        Assert.That(voter.TakeMessages<VoteResponse>().Single().Granted, Is.EqualTo(granted));
    }

    [Test]
    public void Section_4_2_3_a_follower_with_a_living_leader_ignores_candidates_and_keeps_its_term()
    {
        TestGroup group = TestGroup.Led(3);
        group[2].TakeMessages();
        group[2].Receive(Vote(3, 2, 9, Position(99, 9)));
        group[2].Receive(Vote(3, 2, 9, Position(99, 9), pre: true));
        Assert.That(group[2].TakeMessages(), Is.Empty);
        Assert.That(group[2].Node.Term, Is.EqualTo(new Term(1)));
        group[2].Receive(Vote(3, 2, 9, Position(99, 9), transfer: true));
        Assert.That(group[2].TakeMessages<VoteResponse>().Single().Granted, Is.True);
    }

    [Test]
    public void Section_9_6_a_pre_vote_changes_neither_term_nor_vote()
    {
        TestGroup group = TestGroup.OfVoters(3);
        Ready ready = group[1].Receive(Vote(2, 1, 1, LogPosition.Zero, pre: true));
        Assert.That(ready.Messages.OfType<VoteResponse>().Single(), Is.EqualTo(new VoteResponse(Id(1), Id(2), new Term(1), true, true)));
        Assert.That(ready.HardState, Is.Null);
        Assert.That(group[1].Node.Term, Is.EqualTo(Term.Zero));
    }

    [TestCase(true)]
    [TestCase(false)]
    public void A6_long_logs_of_low_terms_and_short_logs_of_high_terms_agree_on_a_leader_in_bounded_time(bool preVote)
    {
        var members = RaftDb.Raft.Membership.Configuration.OfVoters(Enumerable.Range(1, 5).Select(i => Id((ulong)i)));
        var group = new TestGroup(new RaftOptions { PreVote = preVote }, members);
        (ulong Term, ulong[] Log)[] cohorts = [(2, [1, 1, 1, 1, 1]), (2, [1, 1, 1, 1]), (2, [1, 1, 1]), (9, [1, 3]), (7, [1, 2, 2])];
        for (int i = 0; i < cohorts.Length; i++)
        {
            (ulong term, ulong[] log) = cohorts[i];
            group.Add((ulong)i + 1, members, r =>
            {
                r.Disk.AddRange(LogOf(log));
                r.HardState = new HardState(new Term(term), ReplicaId.None, new LogIndex(1));
            });
        }

        group.RunSeconds(8);
        Assert.That(group.Leader, Is.Not.Null);
        Assert.That(group.Replicas.Select(r => r.Applied), Is.All.EqualTo(group.Leader!.Node.Last.Index));
    }

    [Test]
    public void A7_a_leader_that_only_sends_steps_down_and_the_term_does_not_storm()
    {
        TestGroup group = TestGroup.Led(3);
        group.Lose = m => m.To == Id(1);
        group.RunSeconds(2.5);
        Assert.That(group[1].Node.Role, Is.Not.EqualTo(Role.Leader));
        group.RunSeconds(10);
        Assert.That(group.Leader!.Id, Is.Not.EqualTo(Id(1)));
        Assert.That(group.Leader.Node.Term.Value, Is.LessThanOrEqualTo(4));
        group.Heal();
        Term term = group.Leader.Node.Term;
        group.RunSeconds(5);
        Assert.That(group.Leader.Node.Term, Is.EqualTo(term));
    }

    [Test]
    public void A7_a_follower_that_only_sends_does_not_disturb()
    {
        TestGroup group = TestGroup.Led(3);
        group.Lose = m => m.To == Id(3);
        group.RunSeconds(10);
        Assert.That(group[1].Node.Role, Is.EqualTo(Role.Leader));
        Assert.That(group[1].Node.Term, Is.EqualTo(new Term(1)));
    }

    [Test]
    public void A8_a_removed_replica_that_campaigns_forever_disturbs_nobody()
    {
        TestGroup group = TestGroup.Led(4);
        group.Lose = m => m.To == Id(4);
        group[1].Step(new Input.ProposeConfigurationChange(new([new(RaftDb.Raft.Membership.ConfigurationChangeKind.Remove, Id(4))])));
        group.RunSeconds(10);
        group.Heal();
        Assert.That(group[4].Node.Configuration.Voters, Has.Member(Id(4)), "it never learned of its removal");
        group.RunSeconds(20);
        Assert.That(group[1].Node.Role, Is.EqualTo(Role.Leader));
        Assert.That(group[1].Node.Term, Is.EqualTo(new Term(1)));
    }

    [Test]
    public void A9_a_candidate_speaks_of_its_last_persisted_entry()
    {
        TestGroup group = TestGroup.Led(3);
        group[2].HoldDisk = true;
        group.Propose(1, "a", "b");
        group.Deliver();
        Assert.That(group[2].Node.Last.Index, Is.EqualTo(new LogIndex(3)));
        group[2].TakeMessages();
        group.Stop(1);
        group[2].Step(new Input.Campaign());
        Assert.That(group[2].TakeMessages<VoteRequest>().Select(r => r.Last), Is.All.EqualTo(Position(1, 1)));
    }

    [Test]
    public void A10_a_learner_may_grant_and_its_vote_is_never_counted()
    {
        var configuration = new RaftDb.Raft.Membership.Configuration { Voters = [Id(1), Id(2)], Learners = [Id(3)] };
        var group = new TestGroup(new RaftOptions(), configuration, 1, 2, 3);
        group[3].Receive(Vote(1, 3, 1, LogPosition.Zero));
        Assert.That(group[3].TakeMessages<VoteResponse>().Single().Granted, Is.True);

        group[1].Step(new Input.Campaign());
        group[1].Receive(new VoteResponse(Id(3), Id(1), new Term(1), true, true));
        Assert.That(group[1].Node.Role, Is.EqualTo(Role.PreCandidate));
        group[3].Step(new Input.Campaign());
        Assert.That(group[3].Node.Role, Is.EqualTo(Role.Follower), "a learner never campaigns");
    }

    [Test]
    public void A_suspect_replica_neither_votes_nor_campaigns_nor_acknowledges()
    {
        TestGroup group = TestGroup.Led(3);
        group.Stop(3);
        group.Restart(3, suspect: true);
        group[3].Receive(Vote(2, 3, 9, Position(99, 9), transfer: true));
        group[3].Receive(new AppendEntries(Id(1), Id(3), new Term(1), Position(1, 1), [], new LogIndex(1), false));
        group[3].Step(new Input.Campaign());
        group.RunSeconds(5);
        Assert.That(group[3].TakeMessages(), Is.Empty);
        Assert.That(group[3].Node.Role, Is.EqualTo(Role.Follower));
        Assert.That(group[1].Node.Role, Is.EqualTo(Role.Leader));
    }

    [Test]
    public void A_replica_of_a_later_term_frees_itself_by_answering_an_outdated_leader()
    {
        TestGroup group = TestGroup.Led(3);
        group[3].Receive(Vote(2, 3, 7, LogPosition.Zero, transfer: true));
        group[3].TakeMessages();
        Assert.That(group[3].Node.Term, Is.EqualTo(new Term(7)));
        group.RunSeconds(4);
        Assert.That(group.Leader!.Node.Term, Is.GreaterThan(new Term(7)));
        Assert.That(group[3].Node.Leader, Is.EqualTo(group.Leader.Id));
    }

    [Test]
    public void With_leases_a_restarted_voter_keeps_the_promise_it_made_before()
    {
        TestGroup group = TestGroup.Led(3, new RaftOptions { FailoverMode = FailoverMode.Lease });
        group.Restart(2);
        group[2].Receive(Vote(3, 2, 2, Position(9, 1)));
        Assert.That(group[2].TakeMessages(), Is.Empty);
        group[2].Step(new Input.Campaign());
        Assert.That(group[2].TakeMessages(), Is.Empty, "its own candidacy would break the promise too");
        group.SetTime(group.Now + TimeSpan.FromSeconds(1));
        group[2].Receive(Vote(3, 2, 2, Position(9, 1)));
        Assert.That(group[2].TakeMessages<VoteResponse>().Single().Granted, Is.True);
    }
}
