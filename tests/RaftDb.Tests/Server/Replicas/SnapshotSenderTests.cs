using RaftDb.Raft;

namespace RaftDb.Tests.Server.Replicas;

/// <summary>A leader's snapshots on their way to a follower.</summary>
internal sealed class SnapshotSenderTests
{
    [Test]
    public void Who_led_when_a_snapshot_was_asked_for_and_follows_another_when_it_is_taken_sends_none()
    {
        using ReplicaHarness node = new(1);
        node.Lead();
        Term term = node.Replica!.Leadership.Term;
        node.Replica.Snapshots.Start(new ReplicaId(2), new Term(term.Value - 1));
        node.Pass();
        Assert.That(node.Network.Announced, Is.Empty);

        node.Replica.Snapshots.Start(new ReplicaId(2), term);
        node.Pass();
        Assert.That(node.Network.Announced.Select(a => a.Message.Term), Is.EqualTo(new[] { term }));
    }
}
