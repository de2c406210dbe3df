using RaftDb.Raft;
using RaftDb.Raft.Log;
using RaftDb.Raft.Messages;
using RaftDb.Tests.Raft.Harness;

namespace RaftDb.Tests.Raft;

/// <summary>When followers hear of a commit: with the next entries, or after a moment, or at once when they ask.</summary>
internal sealed class CommitNoticeTests
{
    private static readonly RaftOptions Patient = new() { CommitNoticeDelay = TimeSpan.FromMilliseconds(10) };

    private static LogIndex At(ulong index) => new(index);

    [Test]
    public void The_news_of_a_commit_goes_with_the_next_entries()
    {
        TestGroup group = Settled();
        group.Propose(1, "a");
        group.Deliver();
        Assert.That(group[1].Node.Commit, Is.EqualTo(At(2)));
        Assert.That(group[2].Node.Commit, Is.EqualTo(At(1)));

        group.Delivered.Clear();
        group.Propose(1, "b");
        group.Deliver();
        Assert.That(group[2].Node.Commit, Is.EqualTo(At(2)));
        Assert.That(group.Delivered.OfType<AppendEntries>().Count(), Is.EqualTo(2), "one for each follower, and none for commits alone");
    }

    [Test]
    public void Without_more_entries_the_news_of_a_commit_goes_alone_after_a_moment()
    {
        TestGroup group = Settled();
        group.Propose(1, "a");
        group.Deliver();
        Assert.That(group[1].Node.NextDeadline - group.Now, Is.LessThanOrEqualTo(Patient.CommitNoticeDelay));

        group.Delivered.Clear();
        group.Run(Patient.CommitNoticeDelay);
        Assert.That(group[2].Node.Commit, Is.EqualTo(At(2)));
        Assert.That(group[3].Node.Commit, Is.EqualTo(At(2)));
        Assert.That(group.Delivered.OfType<AppendEntries>().Count(), Is.EqualTo(2));
        Assert.That(group[1].Node.NextDeadline - group.Now, Is.GreaterThan(TimeSpan.FromMilliseconds(1)), "everybody has been told");
    }

    [Test]
    public void A_read_that_a_follower_asks_for_takes_the_news_of_the_commit_along()
    {
        TestGroup group = Settled();
        group.Propose(1, "a");
        group.Deliver();
        Instant before = group.Now;
        group[2].Step(new Input.ReadIndex(7));
        group.Deliver();
        Assert.That(group[2].Reads, Is.EqualTo(new[] { new ReadOutcome(7, At(2), false) }));
        Assert.That(group[2].Applied, Is.EqualTo(At(2)));
        Assert.That(group.Now, Is.EqualTo(before));
    }

    [Test]
    public void A_follower_that_must_be_probed_first_does_not_keep_the_leader_awake()
    {
        TestGroup group = Settled();
        group.Isolate(3);
        group[1].Step(new Input.Unreachable(new ReplicaId(3)));
        group.Propose(1, "a");
        group.Deliver();
        group.Run(Patient.CommitNoticeDelay);
        Assert.That(group[2].Node.Commit, Is.EqualTo(At(2)));
        Assert.That(group[1].Node.NextDeadline, Is.GreaterThan(group.Now));
    }

    [Test]
    public void A_follower_that_fell_behind_the_log_and_is_away_does_not_keep_the_leader_awake()
    {
        TestGroup group = Settled(Patient with { MaxInflightMessages = 1 });
        group.Isolate(3);
        group.RunSeconds(1.5);
        for (int i = 0; i < 5; i++)
        {
            group.Propose(1, "a");
            group.Deliver();
        }

        group[1].Step(new Input.LogCompacted(new LogPosition(At(5), new Term(1))));
        Instant told = group.Now + Patient.CommitNoticeDelay;
        group[1].Now = told;
        group[1].Step(Input.Tick.Instance);
        Assert.That(group[1].Node.NextDeadline, Is.GreaterThan(told));
    }

    /// <summary>Led by replica 1, with everybody told of its first entry.</summary>
    private static TestGroup Settled(RaftOptions? options = null)
    {
        TestGroup group = TestGroup.Led(3, options ?? Patient);
        group.Run(Patient.CommitNoticeDelay);
        Assert.That(group[3].Node.Commit, Is.EqualTo(At(1)));
        return group;
    }
}
