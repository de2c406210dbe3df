using RaftDb.Raft;
using RaftDb.Raft.Log;
using RaftDb.Raft.Membership;
using RaftDb.Raft.Messages;
using RaftDb.Tests.Raft.Harness;
using static RaftDb.Tests.Raft.Harness.Inputs;

namespace RaftDb.Tests.Raft;

/// <summary>Thesis chapter 3.5 and 3.6: how logs become and stay equal, and what is committed when.</summary>
internal sealed class ReplicationTests
{
    private static readonly ReplicaId One = new(1);
    private static readonly ReplicaId Two = new(2);
    private static readonly ReplicaId Three = new(3);

    private static LogIndex At(ulong index) => new(index);

    private static AppendEntries Append(ulong term, LogPosition previous, ulong commit, params Entry[] entries) =>
        new(Two, One, new Term(term), previous, entries, At(commit), false);

    /// <summary>A follower 1 of group {1, 2, 3} with a log by terms.</summary>
    private static TestReplica Follower(ulong term, ulong commit, params ulong[] terms)
    {
        var group = new TestGroup(new RaftOptions(), Configuration.OfVoters(One, Two, Three));
        return group.Add(1, Configuration.OfVoters(One, Two, Three), r => Prepare(r, term, commit, terms));
    }

    private static void Prepare(TestReplica replica, ulong term, ulong commit, ulong[] terms)
    {
        replica.Disk.AddRange(LogOf(terms));
        replica.HardState = new HardState(new Term(term), ReplicaId.None, At(commit));
    }

    private static void AssertEqualLogs(TestGroup group)
    {
        List<Entry> expected = group.Leader!.Disk;
        foreach (TestReplica replica in group.Replicas)
        {
            Assert.That(
                replica.Disk.Select(e => (e.Index, e.Term)), Is.EqualTo(expected.Select(e => (e.Index, e.Term))),
                $"log of replica {replica.Id}");
            Assert.That(replica.Applied, Is.EqualTo(expected[^1].Index), $"applied at replica {replica.Id}");
        }
    }

    [Test]
    public void Section_3_5_a_command_is_committed_on_a_majority_and_applied_everywhere_in_order()
    {
        TestGroup group = TestGroup.Led(3);
        ProposalOutcome outcome = group.Propose(1, "a", "b", "c");
        Assert.That(outcome, Is.EqualTo(new ProposalOutcome(3, Position(2, 1), ProposalRefusal.None)));
        group.Deliver();
        AssertEqualLogs(group);
        Assert.That(group[3].AppliedEntries.Count, Is.EqualTo(4));
    }

    [Test]
    public void Section_3_5_followers_learn_of_a_commit_at_once()
    {
        TestGroup group = TestGroup.Led(3);
        group.Propose(1, "a");
        group.Deliver();
        Assert.That(group[2].Applied, Is.EqualTo(At(2)), "without waiting for a heartbeat");
    }

    [Test]
    public void Section_3_5_a_batch_costs_one_append_per_follower_with_a_shared_list()
    {
        TestGroup group = TestGroup.Led(3);
        Ready ready = group[1].Step(Propose("a"), Propose("b", "c"), Propose("d"));
        List<AppendEntries> appends = [.. ready.Messages.OfType<AppendEntries>()];
        Assert.That(appends.Select(a => a.To), Is.EqualTo(new[] { Two, Three }));
        Assert.That(appends[0].Entries.Count, Is.EqualTo(4));
        Assert.That(appends[0].Entries, Is.SameAs(appends[1].Entries));
    }

    [Test]
    public void Section_3_5_a_leader_sends_before_its_own_write_is_durable_and_counts_itself_only_then()
    {
        TestGroup group = TestGroup.Led(3);
        group.Stop(3);
        group[1].HoldDisk = true;
        group.Propose(1, "a");
        group.Deliver();
        Assert.That(group[2].Disk.Count, Is.EqualTo(2));
        Assert.That(group[1].Node.Commit, Is.EqualTo(At(1)));
        group[1].CompleteWrites();
        Assert.That(group[1].Node.Commit, Is.EqualTo(At(2)));
    }

    [Test]
    public void A_leader_may_commit_by_its_followers_but_applies_only_what_is_in_its_own_durable_log()
    {
        TestGroup group = TestGroup.Led(3);
        group[1].HoldDisk = true;
        group.Propose(1, "a");
        group.Deliver();
        Assert.That(group[1].Node.Commit, Is.EqualTo(At(2)));
        Assert.That(group[1].Applied, Is.EqualTo(At(1)));
        group[1].CompleteWrites();
        Assert.That(group[1].Applied, Is.EqualTo(At(2)));
    }

    [Test]
    public void Section_3_5_a_follower_rejects_what_does_not_join_its_log_and_hints_where_it_may()
    {
        TestReplica follower = Follower(2, 0, 1, 1, 1);
        follower.Receive(Append(3, Position(9, 3), 0));
        AppendEntriesResponse response = follower.TakeMessages<AppendEntriesResponse>().Single();
        Assert.That(response.Rejected, Is.True);
        Assert.That(response.Match, Is.EqualTo(At(9)));
        Assert.That(response.Hint, Is.EqualTo(Position(3, 1)));
    }

    [Test]
    public void Section_3_5_a_conflict_replaces_the_rest_of_the_log_in_one_write_with_the_commit_index()
    {
        TestReplica follower = Follower(2, 1, 1, 2, 2, 2);
        Ready ready = follower.Receive(Append(3, Position(1, 1), 2, Command(3, 2), Command(3, 3)));
        Assert.That(ready.Entries.Select(e => e.Index), Is.EqualTo(new[] { At(2), At(3) }));
        Assert.That(ready.HardState!.Value.Commit, Is.EqualTo(At(2)));
        Assert.That(ready.MustSync, Is.True);
        Assert.That(follower.LastOnDisk, Is.EqualTo(At(3)));
    }

    [Test]
    public void Section_3_5_an_acknowledgement_waits_until_the_entries_are_durable()
    {
        TestReplica follower = Follower(1, 0);
        follower.HoldDisk = true;
        follower.Receive(Append(1, LogPosition.Zero, 0, Command(1, 1)));
        follower.Receive(Append(1, LogPosition.Zero, 0, Command(1, 1)));
        Assert.That(follower.TakeMessages(), Is.Empty);
        follower.CompleteWrites();
        Assert.That(follower.TakeMessages<AppendEntriesResponse>().Select(r => r.Match), Is.All.EqualTo(At(1)));
    }

    [Test]
    public void Section_3_5_what_is_replaced_in_the_same_step_is_not_acknowledged()
    {
        TestReplica follower = Follower(1, 0);
        follower.Step(
            new Input.MessageReceived(Append(1, LogPosition.Zero, 0, Command(1, 1), Command(1, 2))),
            new Input.MessageReceived(
                new AppendEntries(Three, One, new Term(2), Position(1, 1), [Command(2, 2)], At(0), false)));
        Assert.That(
            follower.TakeMessages<AppendEntriesResponse>().Select(r => (r.To, r.Match.Value)), Is.EqualTo(new[] { (Three, 2ul) }));
    }

    [Test]
    public void Section_3_5_an_old_append_never_cuts_what_came_after_it()
    {
        TestReplica follower = Follower(1, 0);
        follower.Receive(Append(1, LogPosition.Zero, 0, Command(1, 1), Command(1, 2)));
        follower.Receive(Append(1, LogPosition.Zero, 0, Command(1, 1)));
        Assert.That(follower.LastOnDisk, Is.EqualTo(At(2)));
    }

    [Test]
    public void A_moved_commit_index_alone_forces_no_sync()
    {
        TestReplica follower = Follower(1, 0);
        follower.Receive(Append(1, LogPosition.Zero, 0, Command(1, 1)));
        Ready ready = follower.Receive(Append(1, Position(1, 1), 1));
        Assert.That(ready.HardState!.Value.Commit, Is.EqualTo(At(1)));
        Assert.That(ready.MustSync, Is.False);
    }

    [Test]
    public void After_a_restart_everything_that_is_known_as_committed_is_applied_again_in_bounded_pages()
    {
        var group = new TestGroup(
            new RaftOptions { MaxApplyingBytes = 3 * (Entry.Overhead + 4) }, Configuration.OfVoters(One, Two, Three));
        TestReplica replica = group.Add(1, Configuration.OfVoters(One, Two, Three), r =>
        {
            Prepare(r, 1, 7, [1, 1, 1, 1, 1, 1, 1, 1]);
            r.Applied = At(2);
        });
        replica.HoldApply = true;
        Ready ready = replica.Step();
        Assert.That(ready.Committed.Select(e => e.Index.Value), Is.EqualTo(new ulong[] { 3, 4, 5 }));
        Assert.That(replica.Step().Committed, Is.Empty);
        replica.CompleteApplies();
        Assert.That(replica.Applied, Is.EqualTo(At(7)));
    }

    /// <summary>The six followers of figure 3.6 (figure 7 of the Raft paper) beside a leader that is elected for term 8.</summary>
    [Test]
    public void Figure_7_every_odd_log_converges_to_the_leaders()
    {
        ulong[][] logs =
        [
            [1, 1, 1, 4, 4, 5, 5, 6, 6, 6],
            [1, 1, 1, 4, 4, 5, 5, 6, 6],
            [1, 1, 1, 4],
            [1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 6],
            [1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 7, 7],
            [1, 1, 1, 4, 4, 4, 4],
            [1, 1, 1, 2, 2, 2, 3, 3, 3, 3, 3],
        ];
        var configuration = Configuration.OfVoters(Enumerable.Range(1, 7).Select(i => new ReplicaId((ulong)i)));
        var group = new TestGroup(new RaftOptions { PreVote = false }, configuration);
        for (int i = 0; i < logs.Length; i++)
        {
            ulong[] log = logs[i];
            group.Add((ulong)i + 1, configuration, r => Prepare(r, 7, 3, log));
        }

        group.Elect(1);
        group.RunSeconds(0.3);
        AssertEqualLogs(group);
        Assert.That(group[1].Node.Term, Is.EqualTo(new Term(8)));
    }

    [Test]
    public void B1_figure_8_an_entry_of_an_old_term_on_a_majority_is_committed_only_with_one_of_the_current_term()
    {
        var configuration = Configuration.OfVoters(Enumerable.Range(1, 5).Select(i => new ReplicaId((ulong)i)));
        var group = new TestGroup(new RaftOptions { PreVote = false }, configuration);
        group.Add(1, configuration, r => Prepare(r, 3, 1, [1, 2]));
        group.Add(2, configuration, r => Prepare(r, 3, 1, [1, 2]));
        group.Add(3, configuration, r => Prepare(r, 3, 1, [1, 2]));
        group.Add(4, configuration, r => Prepare(r, 3, 1, [1]));
        group.Add(5, configuration, r => Prepare(r, 3, 1, [1, 3]));
        group.Stop(5);

        // Entry 2 of term 2 is on a majority and everybody says so; the no-op of term 4 doesn't arrive anywhere.
        group.Lose = m => m is AppendEntries;
        group[1].Step(new Input.Campaign());
        group.Deliver();
        group[1].Receive(new AppendEntriesResponse(Two, One, new Term(4), false, At(2), LogPosition.Zero, At(1)));
        group[1].Receive(new AppendEntriesResponse(Three, One, new Term(4), false, At(2), LogPosition.Zero, At(1)));
        Assert.That(group[1].Node.Role, Is.EqualTo(Role.Leader));
        Assert.That(group[1].Node.Commit, Is.EqualTo(At(1)));
        group.Heal();
        group.RunSeconds(0.3);
        Assert.That(group[1].Node.Commit, Is.EqualTo(At(3)));
    }

    [Test]
    public void B1_figure_8_what_was_not_committed_so_may_be_replaced()
    {
        var configuration = Configuration.OfVoters(Enumerable.Range(1, 5).Select(i => new ReplicaId((ulong)i)));
        var group = new TestGroup(new RaftOptions { PreVote = false }, configuration);
        ulong[][] logs = [[1, 2], [1, 2], [1, 2], [1], [1, 3]];
        for (int i = 0; i < logs.Length; i++)
        {
            ulong[] log = logs[i];
            group.Add((ulong)i + 1, configuration, r => Prepare(r, 4, 1, log));
        }

        group.Elect(5);
        group.RunSeconds(0.3);
        Assert.That(group[2].Disk.Select(e => e.Term.Value), Is.EqualTo(new ulong[] { 1, 3, 5 }));
    }

    [Test]
    public void B2_what_a_leader_sent_but_could_not_write_is_never_reused_for_something_else()
    {
        TestGroup group = TestGroup.Led(3);
        group[1].HoldDisk = true;
        group.Propose(1, "sent");
        group.Deliver();
        group.Stop(1);
        group.RunUntil(() => group.Leader is not null, 5, "another leader");
        group.Restart(1);
        group[1].HoldDisk = false;
        group.RunSeconds(1);
        AssertEqualLogs(group);
        Assert.That(group.Leader!.Node.TermOf(At(2)), Is.EqualTo(new Term(1)));
        Assert.That(group.Leader.Node.TermOf(At(3)), Is.GreaterThan(new Term(1)));
    }

    [Test]
    public void B3_a_follower_whose_write_failed_comes_back_and_catches_up()
    {
        TestGroup group = TestGroup.Led(3);
        group[3].HoldDisk = true;
        group.Propose(1, "a");
        group.Deliver();
        Assert.That(group[1].Node.Followers(group.Now).Single(f => f.Replica == Three).Match, Is.EqualTo(At(1)));
        group.Restart(3);
        group[3].HoldDisk = false;
        group.RunSeconds(0.5);
        AssertEqualLogs(group);
    }

    [Test]
    public void B4_a_change_of_membership_in_a_replaced_suffix_is_forgotten()
    {
        TestGroup group = TestGroup.Led(3);
        group.Isolate(1);
        group[1].Step(new Input.ProposeConfigurationChange(new([new(ConfigurationChangeKind.Remove, Three)])));
        Assert.That(group[1].Proposals[^1].Accepted, Is.EqualTo(1));
        group.RunUntil(() => group[2].Node.Role == Role.Leader || group[3].Node.Role == Role.Leader, 6, "another leader");
        group.Heal();
        group.RunSeconds(3);
        AssertEqualLogs(group);
        Assert.That(group[1].Node.Configuration.Voters.Count, Is.EqualTo(3));
        TestReplica leader = group.Leader!;
        leader.Step(new Input.ProposeConfigurationChange(new([new(ConfigurationChangeKind.AddLearner, new ReplicaId(4))])));
        Assert.That(leader.Proposals[^1].Refusal, Is.EqualTo(ProposalRefusal.None), "nothing is pending");
    }

    [Test]
    public void B5_a_single_voter_commits_only_what_is_durable()
    {
        TestGroup group = TestGroup.Led(1);
        group[1].HoldDisk = true;
        group.Propose(1, "a");
        Assert.That(group[1].Node.Commit, Is.EqualTo(At(1)));
        group[1].CompleteWrites();
        Assert.That(group[1].Node.Commit, Is.EqualTo(At(2)));
        Assert.That(group[1].Applied, Is.EqualTo(At(2)));
    }

    [Test]
    public void B6_the_completion_of_a_write_that_was_replaced_is_ignored()
    {
        TestReplica follower = Follower(1, 0);
        follower.HoldDisk = true;
        follower.Receive(Append(1, LogPosition.Zero, 0, Command(1, 1), Command(1, 2)));
        follower.Receive(Append(2, LogPosition.Zero, 0, Command(2, 1)));
        follower.Step(new Input.EntriesPersisted(Position(2, 1)));
        Assert.That(follower.Node.Persisted, Is.EqualTo(At(0)));
    }

    [Test]
    public void B6_a_completion_does_not_count_for_the_same_entry_written_again_after_it_was_replaced()
    {
        TestReplica follower = Follower(1, 0);
        follower.HoldDisk = true;
        follower.Receive(Append(2, LogPosition.Zero, 0, Command(2, 1)));
        follower.Receive(Append(3, LogPosition.Zero, 0, Command(3, 1)));
        follower.Receive(Append(4, LogPosition.Zero, 0, Command(2, 1)));
        follower.CompleteWrites(1);
        Assert.That(follower.Node.Persisted, Is.EqualTo(At(0)), "the second write under way replaces it first");
        follower.CompleteWrites(1);
        Assert.That(follower.Node.Persisted, Is.EqualTo(At(0)));
        follower.CompleteWrites(1);
        Assert.That(follower.Node.Persisted, Is.EqualTo(At(1)));
    }

    [Test]
    public void B7_duplicated_and_reordered_answers_never_move_match_or_commit_back()
    {
        TestGroup group = TestGroup.Led(3);
        group.Propose(1, "a", "b", "c");
        group.Deliver();
        List<Message> all = [.. group.Delivered];
        all.Reverse();
        foreach (Message message in all.Concat(group.Delivered))
        {
            group[message.To.Value].Receive(message);
            Assert.That(group[1].Node.Commit, Is.EqualTo(At(4)));
            Assert.That(group[1].Node.Followers(group.Now).Select(f => f.Match), Is.All.EqualTo(At(4)));
        }

        group.RunSeconds(1);
        AssertEqualLogs(group);
    }

    [Test]
    public void B8_a_heartbeat_that_commits_more_than_the_follower_has_is_clipped()
    {
        TestReplica follower = Follower(1, 0, 1, 1);
        follower.Receive(new Heartbeat(Two, One, new Term(1), At(9), 1, false));
        Assert.That(follower.Node.Commit, Is.EqualTo(At(2)));
    }

    [Test]
    public void B9_a_long_divergence_is_found_in_few_rounds()
    {
        ulong[] leader = [1, .. Enumerable.Repeat(5ul, 200)];
        ulong[] follower = [1, .. Enumerable.Repeat(2ul, 100), .. Enumerable.Repeat(4ul, 300)];
        var configuration = Configuration.OfVoters(One, Two);
        var group = new TestGroup(new RaftOptions { PreVote = false }, configuration);
        group.Add(1, configuration, r => Prepare(r, 5, 1, leader));
        group.Add(2, configuration, r => Prepare(r, 5, 1, follower));
        group.Elect(1);
        AssertEqualLogs(group);
        Assert.That(group.Delivered.OfType<AppendEntriesResponse>().Count(r => r.Rejected), Is.LessThanOrEqualTo(3));
    }

    [Test]
    public void A_lost_tail_is_sent_again_though_nothing_new_comes()
    {
        TestGroup group = TestGroup.Led(3);
        group.Lose = m => m is AppendEntries;
        group.Propose(1, "a", "b");
        group.Deliver();
        group.Heal();
        group.RunSeconds(0.3);
        AssertEqualLogs(group);
    }

    [Test]
    public void Lost_answers_are_made_up_for_by_later_ones()
    {
        TestGroup group = TestGroup.Led(3, new RaftOptions { MaxInflightMessages = 2 });
        group.Lose = m => m is AppendEntriesResponse;
        for (int i = 0; i < 10; i++)
        {
            group.Propose(1, $"c{i}");
        }

        group.Deliver();
        Assert.That(group[1].Node.Commit, Is.EqualTo(At(1)));
        group.Heal();
        group.RunSeconds(0.5);
        AssertEqualLogs(group);
    }

    [Test]
    public void A_leader_runs_ahead_of_answers_by_no_more_than_its_bounds()
    {
        TestGroup group = TestGroup.Led(3, new RaftOptions { MaxInflightMessages = 4 });
        for (int i = 0; i < 10; i++)
        {
            group.Propose(1, $"c{i}");
        }

        Assert.That(group[1].TakeMessages<AppendEntries>().Count(a => a.To == Two && a.Entries.Count > 0), Is.EqualTo(4));
        group.RunSeconds(0.3);
        AssertEqualLogs(group);
    }

    [Test]
    public void An_unreachable_follower_is_probed_and_then_streamed_to_again()
    {
        TestGroup group = TestGroup.Led(3);
        group[1].Step(new Input.Unreachable(Two));
        Assert.That(group[1].Node.Followers(group.Now).Single(f => f.Replica == Two).State, Is.EqualTo("probe"));
        group.Propose(1, "a");
        group.Propose(1, "b");
        Assert.That(group[1].TakeMessages<AppendEntries>().Count(a => a.To == Two), Is.EqualTo(1), "one at a time");
        group.RunSeconds(0.3);
        AssertEqualLogs(group);
        Assert.That(group[1].Node.Followers(group.Now).Single(f => f.Replica == Two).State, Is.EqualTo("replicate"));
    }

    [Test]
    public void Too_many_uncommitted_bytes_are_refused_at_once_and_the_prefix_that_fits_is_taken()
    {
        TestGroup group = TestGroup.Led(3, new RaftOptions { MaxUncommittedBytes = 3 * (Entry.Overhead + 1) });
        group.Isolate(1);
        ProposalOutcome outcome = group.Propose(1, "a", "b", "c", "d", "e");
        Assert.That((outcome.Accepted, outcome.Refusal), Is.EqualTo((3, ProposalRefusal.Overloaded)));
        Assert.That(group.Propose(1, "f").Accepted, Is.EqualTo(0));
        group.Heal();
        group.RunSeconds(0.3);
        Assert.That(group.Propose(1, new string('x', 1000)).Accepted, Is.EqualTo(1), "an idle leader takes one of any size");
    }

    [Test]
    public void Only_a_leader_takes_proposals()
    {
        TestGroup group = TestGroup.Led(3);
        Assert.That(group.Propose(2, "a").Refusal, Is.EqualTo(ProposalRefusal.NotLeader));
    }

    [Test]
    public void Messages_to_or_from_nobody_are_dropped()
    {
        TestGroup group = TestGroup.Led(3);
        group[1].Receive(new Heartbeat(Two, Three, new Term(9), At(0), 1, false));
        group[1].Receive(new Heartbeat(ReplicaId.None, One, new Term(9), At(0), 1, false));
        group[1].Receive(new Heartbeat(One, One, new Term(9), At(0), 1, false));
        group[1].Receive(new AppendEntriesResponse(new ReplicaId(77), One, new Term(1), false, At(1), LogPosition.Zero, At(1)));
        group[1].Receive(new AppendEntriesResponse(Two, One, new Term(1), false, At(99), LogPosition.Zero, At(1)));
        Assert.That(group[1].Node.Term, Is.EqualTo(new Term(1)));
        Assert.That(group[1].Node.Commit, Is.EqualTo(At(1)));
    }

    [Test]
    public void Followers_report_what_they_applied_when_they_are_asked_to()
    {
        TestGroup group = TestGroup.Led(3);
        group[2].HoldApply = true;
        group[1].Step(Propose("a"), new Input.RequestAppliedReports(At(2)));
        group.Deliver();
        Assert.That(group[1].Node.Followers(group.Now).Select(f => f.Applied.Value), Is.EqualTo(new ulong[] { 2, 1, 2 }));
        group[2].CompleteApplies();
        group.Deliver();
        Assert.That(group[1].Node.Followers(group.Now).Select(f => f.Applied.Value), Is.EqualTo(new ulong[] { 2, 2, 2 }));
    }

    [Test]
    public void Reports_are_asked_for_also_when_there_is_nothing_else_to_send()
    {
        TestGroup group = TestGroup.Led(3);
        group[2].HoldApply = true;
        group.Propose(1, "a");
        group.Deliver();
        group[1].Step(new Input.RequestAppliedReports(At(2)));
        group.Deliver();
        group[2].CompleteApplies();
        group.Deliver();
        Assert.That(group[1].Node.Followers(group.Now).Select(f => f.Applied), Is.All.EqualTo(At(2)));
    }
}
