using RaftDb.Server.Replicas;

namespace RaftDb.Tests.Server.Replicas;

public class ReplicaInboxTests
{
    [Test]
    public void Many_items_wake_the_loop_once_until_they_are_taken()
    {
        ReplicaInbox inbox = new();

        Assert.That(inbox.Add("first", patient: false), Is.EqualTo(Wake.Now));
        Assert.That(inbox.Add("second", patient: false), Is.EqualTo(Wake.No));
        Assert.That(inbox.Take([]), Is.EqualTo(new[] { "first", "second" }));
        Assert.That(inbox.Add("third", patient: false), Is.EqualTo(Wake.Now));
    }

    [Test]
    public void What_may_wait_for_the_disk_does_not_hold_up_what_may_not()
    {
        ReplicaInbox inbox = new();

        Assert.That(inbox.Add("a write", patient: true), Is.EqualTo(Wake.AfterDisk));
        Assert.That(inbox.Add("another write", patient: true), Is.EqualTo(Wake.No));
        Assert.That(inbox.Add("a vote", patient: false), Is.EqualTo(Wake.Now));
        Assert.That(inbox.Add("a third write", patient: true), Is.EqualTo(Wake.No));
        Assert.That(inbox.Take([]), Has.Count.EqualTo(4));
        Assert.That(inbox.Add("a fourth write", patient: true), Is.EqualTo(Wake.AfterDisk));
    }

    [Test]
    public void Results_that_nobody_waits_for_wake_nobody_and_lie_there_for_the_next_pass()
    {
        ReplicaInbox inbox = new();
        Assert.That(inbox.Attend(Attention.None), Is.False);

        Assert.That(inbox.AddResult("durable", Attention.Persisted), Is.EqualTo(Wake.No));
        Assert.That(inbox.Add("a message", patient: false), Is.EqualTo(Wake.Now));
        Assert.That(inbox.Take([]), Is.EqualTo(new[] { "durable", "a message" }));
    }

    [Test]
    public void Results_that_somebody_waits_for_wake_the_loop()
    {
        ReplicaInbox inbox = new();
        inbox.Attend(Attention.Persisted);

        Assert.That(inbox.AddResult("applied", Attention.Applied), Is.EqualTo(Wake.No));
        Assert.That(inbox.AddResult("durable", Attention.Persisted), Is.EqualTo(Wake.Now));
        Assert.That(inbox.AddResult("durable too", Attention.Persisted), Is.EqualTo(Wake.No));
    }

    [Test]
    public void A_result_that_came_before_somebody_waited_for_it_asks_for_another_pass()
    {
        ReplicaInbox inbox = new();
        inbox.Attend(Attention.None);
        inbox.AddResult("applied", Attention.Applied);

        Assert.That(inbox.Attend(Attention.Persisted), Is.False);
        Assert.That(inbox.Attend(Attention.Applied), Is.True);
        inbox.Take([]);
        Assert.That(inbox.Attend(Attention.Applied), Is.False);
    }
}
