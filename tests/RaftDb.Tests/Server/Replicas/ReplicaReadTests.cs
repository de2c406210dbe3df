using RaftDb.Raft;
using RaftDb.Raft.Messages;
using RaftDb.Server.Replicas;
using RaftDb.Storage.StateMachines;

namespace RaftDb.Tests.Server.Replicas;

/// <summary>Reads on their way through a replica.</summary>
internal sealed class ReplicaReadTests
{
    [Test]
    public void An_answer_to_what_the_process_before_asked_confirms_no_read_of_this_one()
    {
        using ReplicaHarness node = new(1, 2, 3);
        ReadIndexRequest before = Asked(node, out Task<ReadResult> _);

        // The process dies and another one takes its place, connects to the same leader, and asks too. The answer that comes now was confirmed before it asked.
        IStateMachine state = node.Replica!.State.Machine;
        node.Replica = node.Over(state, new(1), state.Configuration, seed: 8);
        ReadIndexRequest now = Asked(node, out Task<ReadResult> read);
        Answer(node, before.Context);
        Assert.That(read.IsCompleted, Is.False);

        Answer(node, now.Context);
        Assert.That(read.Result.Status, Is.EqualTo(ReadStatus.Ready));
    }

    [Test]
    public void A_replica_that_waits_for_a_leader_with_its_reads_is_called_seldom_and_asks_as_soon_as_there_is_one()
    {
        using ReplicaHarness node = new(1, 2, 3);
        Instant deadline = node.Now + TimeSpan.FromSeconds(3);
        Task<ReadResult> early = node.Replica!.ReadIndexAsync(deadline);
        Task<ReadResult> late = node.Replica.ReadIndexAsync(deadline + TimeSpan.FromSeconds(10));
        int passes = 0;
        for (node.Pass(); !early.IsCompleted; passes++)
        {
            Assert.That(passes, Is.LessThan(150), "passes of a replica that can do nothing");
            node.Pass(node.Replica.NextDeadline - node.Now);
        }

        Assert.That(early.Result.Status, Is.EqualTo(ReadStatus.Unconfirmed));
        Assert.That(node.Now >= deadline && node.Now <= deadline + TimeSpan.FromMilliseconds(50), $"it was answered at {node.Now.Nanoseconds}, and {deadline.Nanoseconds} was its deadline");
        Assert.That(node.Network.Sent.Any(s => s.Message.Message is ReadIndexRequest), Is.False);

        node.Replica.Receive(new(2), new Heartbeat(new(2), new(1), new Term(1), LogIndex.Zero, 1, Quiesce: false));
        node.Pass();
        node.Pass();
        ReadIndexRequest asked = (ReadIndexRequest)node.Network.Sent.Last(s => s.Message.Message is ReadIndexRequest).Message.Message;
        Answer(node, asked.Context);
        Assert.That(late.Result.Status, Is.EqualTo(ReadStatus.Ready));
    }

    private static ReadIndexRequest Asked(ReplicaHarness node, out Task<ReadResult> read)
    {
        node.Replica!.Receive(new(2), new Heartbeat(new(2), new(1), new Term(1), LogIndex.Zero, 1, Quiesce: false));
        node.Pass();
        read = node.Replica.ReadIndexAsync(node.Now + TimeSpan.FromSeconds(10));
        node.Pass();
        return (ReadIndexRequest)node.Network.Sent.Last(s => s.Message.Message is ReadIndexRequest).Message.Message;
    }

    private static void Answer(ReplicaHarness node, ulong context)
    {
        node.Replica!.Receive(new(2), new ReadIndexResponse(new(2), new(1), new Term(1), context, LogIndex.Zero, Refused: false));
        node.Pass();
    }
}
