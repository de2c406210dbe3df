using RaftDb.Raft;
using RaftDb.Raft.Log;
using RaftDb.Server.Ranges;
using RaftDb.Server.Replicas;
using RaftDb.Server.Transport;
using RaftDb.Storage;
using RaftDb.Storage.StateMachines.Commands;

namespace RaftDb.Server.Hosting;

/// <summary>The way of a forwarded request through a node, gone once before the first real one comes: a node that has just become a leader gets them all at once, and they would
/// wait for the compiler. Changes nothing: the write is refused, because nobody leads yet.</summary>
internal static class RequestRehearsal
{
    private static readonly TimeSpan Limit = TimeSpan.FromMilliseconds(200);

    /// <summary>To be called before the node can have become a leader of the range.</summary>
    public static async Task RunAsync(NodeId node, RequestRouter router, Replica replica, INodeClock clock)
    {
        ReadOnlyMemory<byte> command = CommandCodec.Encode(new TransactionCommand(default, 0, [], [], []));
        ReadOnlyMemory<byte> write = PeerRequestCodec.EncodeWrite(replica.Range, AckMode.Quorum, command);
        PeerRequestCodec.DecodeWriteAnswer(await router.ServeAsync(PeerRequestKind.Write, write, Limit));

        ReadOptions eventual = ReadOptions.Linearizable with { Consistency = Consistency.Eventual };
        ReadOnlyMemory<byte> get = PeerRequestCodec.EncodeGet(replica.Range, "rehearsal"u8.ToArray(), eventual);
        PeerRequestCodec.DecodeGetAnswer(await router.ServeAsync(PeerRequestKind.Get, get, Limit));

        // What a leader does with a write that succeeds.
        LogPosition position = new(new LogIndex(1), new Term(1));
        CommandResult result = new(CommandStatus.Done, true, 1, []);
        PendingProposals proposals = new();
        PendingProposal proposal = new(command, AckMode.Quorum, clock.Now + Limit);
        proposals.Add(proposal, position);
        proposals.Persisted(position);
        proposals.Applied([new Entry(position.Term, position.Index, EntryKind.Command, command)], [result]);
        ProposalResult ended = await proposal.Completion;
        Check.That(ended.Status == ProposalStatus.Applied, $"a rehearsed proposal ended as {ended.Status}");
        PeerRequestCodec.DecodeWriteAnswer(PeerRequestCodec.EncodeAnswer(new WriteAnswer(node, replica.Range, position, true, ended.Result)));
    }
}
