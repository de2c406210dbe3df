using RaftDb.Raft;
using RaftDb.Raft.Log;
using RaftDb.Raft.Messages;
using RaftDb.Server.Replicas;
using RaftDb.Storage.StateMachines.Commands;

namespace RaftDb.Tests.Server.Replicas;

/// <summary>Who waits is answered as soon as what they wait for is there, and not by a timer.</summary>
internal sealed class ReplicaAnswerTests
{
    private static readonly byte[] Put = CommandCodec.Encode(new TransactionCommand(default, 1, [], [Operation.Put("a"u8.ToArray(), default)], []));

    [TestCase(AckMode.Leader, ProposalStatus.Persisted)]
    [TestCase(AckMode.Quorum, ProposalStatus.Applied)]
    [TestCase(AckMode.All, ProposalStatus.Applied)]
    public void A_write_is_answered_without_waiting_for_time_to_pass(AckMode ack, ProposalStatus expected)
    {
        using ReplicaHarness node = new(1);
        node.Lead();
        Task<ProposalResult> result = node.Replica!.ProposeAsync(Put, ack, node.Now + TimeSpan.FromSeconds(10));
        node.Pass();
        Assert.That(result.IsCompleted, Is.True);
        Assert.That(result.Result.Status, Is.EqualTo(expected));
    }

    [Test]
    public void What_a_leader_asks_on_hearing_that_entries_are_durable_finds_them_durable()
    {
        // The leader hands over as soon as the last entry is acknowledged, and its word is here before the acknowledgement has quite left.
        using ReplicaHarness node = new(1, 2, 3);
        Entry entry = new(new Term(1), new LogIndex(1), EntryKind.Noop, default);
        node.Network.WhenSent = message =>
        {
            if (message is AppendEntriesResponse)
            {
                node.Replica!.Receive(new(2), new TimeoutNow(new(2), new(1), new Term(1)));
                PassOutput output = new();
                node.Replica.Process(output);
                output.Flush(node.Binlog, node.Network);
            }
        };
        node.Replica!.Receive(new(2), new AppendEntries(new(2), new(1), new Term(1), LogPosition.Zero, [entry], LogIndex.Zero, ReportApplied: false));
        node.Pass();
        Assert.That(node.Network.Sent.Select(s => s.Message.Message).OfType<VoteRequest>().Select(r => r.Last), Is.All.EqualTo(new LogPosition(entry.Index, entry.Term)).And.Exactly(2).Items);
    }
}
