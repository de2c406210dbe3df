using RaftDb.Raft;
using RaftDb.Raft.Log;
using RaftDb.Raft.Membership;
using RaftDb.Raft.Messages;
using RaftDb.Tests.Raft.Harness;
using static RaftDb.Tests.Raft.Harness.Inputs;

namespace RaftDb.Tests.Raft;

/// <summary>Thesis chapter 5, as far as the consensus core sees it: the data itself is carried beside the group's messages.</summary>
internal sealed class SnapshotTests
{
    private static readonly Configuration Members = Configuration.OfVoters(new ReplicaId(1), new ReplicaId(2), new ReplicaId(3));

    private static InstallSnapshot Install(ulong index, ulong term, ulong leaderTerm = 1) =>
        new(new ReplicaId(1), new ReplicaId(3), new Term(leaderTerm), new SnapshotMetadata(Position(index, term), Members));

    private static string StateOf(TestGroup group, ulong id) =>
        group[1].Node.Followers(group.Now).Single(f => f.Replica.Value == id).State;

    /// <summary>Replica 3 lacks entries that replica 1 retains no more.</summary>
    private static TestGroup Lagging()
    {
        TestGroup group = TestGroup.Led(3);
        group.Isolate(3);
        group.Propose(1, "a", "b", "c", "d");
        group.Deliver();
        group[1].Compact(new LogIndex(4));
        group.AutoSnapshots = false;
        group.Heal();
        group.RunSeconds(0.2);
        return group;
    }

    [Test]
    public void A_follower_behind_the_floor_gets_a_snapshot_and_then_entries()
    {
        TestGroup group = Lagging();
        Assert.That(group[1].SnapshotsToSend, Is.EqualTo(new[] { new ReplicaId(3) }), "asked for once");
        Assert.That(StateOf(group, 3), Is.EqualTo("snapshot"));
        group.AutoSnapshots = true;
        group.RunSeconds(0.3);
        Assert.That(group[3].Floor, Is.EqualTo(Position(5, 1)));
        Assert.That(StateOf(group, 3), Is.EqualTo("replicate"));
        group.Propose(1, "e");
        group.Deliver();
        Assert.That(group[3].Applied, Is.EqualTo(new LogIndex(6)));
    }

    [Test]
    public void A_follower_that_is_down_is_not_sent_a_snapshot()
    {
        TestGroup group = TestGroup.Led(3);
        group.Stop(3);
        group.RunSeconds(1.5);
        group.AutoSnapshots = false;
        group.Propose(1, "a", "b");
        group.Deliver();
        group[1].Compact(new LogIndex(3));
        group.RunSeconds(3);
        Assert.That(group[1].SnapshotsToSend, Is.Empty);
        group.Restart(3);
        group.RunSeconds(0.3);
        Assert.That(group[1].SnapshotsToSend.Count, Is.EqualTo(1));
    }

    [Test]
    public void F1_a_snapshot_at_or_below_the_commit_index_is_ignored_and_answered()
    {
        TestGroup group = TestGroup.Led(3);
        group.Propose(1, "a", "b");
        group.Deliver();
        Ready ready = group[3].Receive(Install(2, 1));
        Assert.That(ready.SnapshotToInstall, Is.Null);
        Assert.That(group[3].TakeMessages<AppendEntriesResponse>().Single().Match, Is.EqualTo(new LogIndex(3)));
    }

    [Test]
    public void F1_a_snapshot_of_what_the_log_holds_already_only_commits_it()
    {
        TestGroup group = TestGroup.Led(3);
        group.Lose = m => m is AppendEntriesResponse;
        group.Propose(1, "a", "b");
        group.Deliver();
        Assert.That(group[3].Node.Commit, Is.EqualTo(new LogIndex(1)));
        Ready ready = group[3].Receive(Install(3, 1));
        Assert.That(ready.SnapshotToInstall, Is.Null);
        Assert.That(group[3].Node.Commit, Is.EqualTo(new LogIndex(3)));
    }

    [Test]
    public void F2_a_conflicting_log_is_replaced_as_a_whole()
    {
        TestGroup group = TestGroup.Led(3);
        group.Isolate(3);
        group[3].Receive(new AppendEntries(
            new ReplicaId(1), new ReplicaId(3), new Term(1), Position(1, 1), [Command(1, 2), Command(1, 3), Command(1, 4)], new LogIndex(1), false));
        group[3].Receive(Install(3, 2, leaderTerm: 2));
        Assert.That(group[3].SnapshotToInstall, Is.Not.Null);

        Ready meanwhile = group[3].Receive(new AppendEntries(
            new ReplicaId(1), new ReplicaId(3), new Term(2), Position(1, 1), [Command(2, 2)], new LogIndex(2), false));
        Assert.That(meanwhile.Entries, Is.Empty, "no entries are taken until it is installed");
        group[3].Step(new Input.Campaign());
        Assert.That(group[3].Node.Role, Is.EqualTo(Role.Follower));

        group[3].TakeMessages();
        group[3].CompleteSnapshot();
        Assert.That(group[3].Node.Last, Is.EqualTo(Position(3, 2)));
        Assert.That(group[3].Node.Floor, Is.EqualTo(Position(3, 2)));
        Assert.That((group[3].Node.Commit.Value, group[3].Node.Applied.Value, group[3].Node.Persisted.Value), Is.EqualTo((3ul, 3ul, 3ul)));
        Assert.That(group[3].TakeMessages<AppendEntriesResponse>().Single().Match, Is.EqualTo(new LogIndex(3)));
        Assert.That(group[3].HardState.Term, Is.EqualTo(new Term(2)));
    }

    [Test]
    public void F5_the_leader_leaves_the_snapshot_state_by_the_followers_answer_alone()
    {
        TestGroup group = Lagging();
        group[3].Receive(Install(5, 1));
        group[3].CompleteSnapshot();
        group.Deliver();
        Assert.That(StateOf(group, 3), Is.EqualTo("replicate"), "though nobody said that the snapshot was sent");
    }

    [Test]
    public void F5_a_failed_snapshot_is_asked_for_again_with_the_next_sign_of_life()
    {
        TestGroup group = Lagging();
        group[1].SnapshotsToSend.Clear();
        Ready ready = group[1].Step(new Input.SnapshotSent(new ReplicaId(3), Position(5, 1), false));
        Assert.That(ready.SnapshotsToSend, Is.Empty, "not at once: it would fail in a tight loop");
        group.RunSeconds(0.3);
        Assert.That(group[1].SnapshotsToSend, Is.EqualTo(new[] { new ReplicaId(3) }));
    }

    [Test]
    public void F5_a_snapshot_that_was_sent_but_never_arrived_is_asked_for_again()
    {
        TestGroup group = Lagging();
        group[1].SnapshotsToSend.Clear();
        group[1].Step(new Input.SnapshotSent(new ReplicaId(3), Position(5, 1), true));
        group.RunSeconds(0.5);
        Assert.That(group[1].SnapshotsToSend, Is.EqualTo(new[] { new ReplicaId(3) }));
    }

    [Test]
    public void F5_a_snapshot_that_is_behind_the_floor_by_now_is_followed_by_another()
    {
        TestGroup group = Lagging();
        group[1].SnapshotsToSend.Clear();
        group[3].Receive(Install(5, 1));
        group[3].CompleteSnapshot();
        group.Isolate(3);
        group.Propose(1, "e", "f", "g");
        group.Deliver();
        group[1].Compact(new LogIndex(8));
        group[1].Step(new Input.SnapshotSent(new ReplicaId(3), Position(5, 1), true));
        group.Heal();
        group.RunSeconds(0.5);
        Assert.That(group[1].SnapshotsToSend, Is.EqualTo(new[] { new ReplicaId(3) }));
        group.AutoSnapshots = true;
        group.RunSeconds(0.5);
        Assert.That(group[3].Applied, Is.EqualTo(new LogIndex(8)));
    }

    [Test]
    public void A_newcomer_without_a_configuration_starts_from_a_snapshot_though_the_whole_log_is_there()
    {
        TestGroup group = TestGroup.Led(3);
        group.AutoSnapshots = false;
        group.Add(4, Configuration.Empty);
        group[1].Step(new Input.ProposeConfigurationChange(new([new(ConfigurationChangeKind.AddLearner, new ReplicaId(4))])));
        group.RunSeconds(0.3);
        Assert.That(group[4].Disk, Is.Empty);
        Assert.That(group[1].SnapshotsToSend, Is.EqualTo(new[] { new ReplicaId(4) }));
    }

    [Test]
    public void The_floor_moves_only_forward_and_never_beyond_what_is_applied()
    {
        TestGroup group = TestGroup.Led(1);
        group.Propose(1, "a", "b");
        group[1].Compact(new LogIndex(2));
        group[1].Step(new Input.LogCompacted(Position(1, 1)));
        Assert.That(group[1].Node.Floor, Is.EqualTo(Position(2, 1)));
        Assert.That(() => group[1].Step(new Input.LogCompacted(Position(9, 1))), Throws.TypeOf<InvariantBrokenException>());
    }
}
