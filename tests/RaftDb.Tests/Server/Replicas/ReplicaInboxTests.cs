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
}
