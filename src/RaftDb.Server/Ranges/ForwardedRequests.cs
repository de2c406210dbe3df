using RaftDb.Server.Replicas;
using RaftDb.Server.Transport;
using RaftDb.Storage;
using RaftDb.Storage.StateMachines.Reads;

namespace RaftDb.Server.Ranges;

/// <summary>Requests that came in at another node and were forwarded to this one.</summary>
internal sealed class ForwardedRequests(NodeId node, LocalReplicas replicas, INodeClock clock)
{
    private readonly LocalReads _reads = new(node, clock);
    private readonly LocalWrites _writes = new(node);

    /// <summary>Serves a request that another node forwarded: here or not at all.</summary>
    public async ValueTask<ReadOnlyMemory<byte>> ServeAsync(PeerRequestKind kind, ReadOnlyMemory<byte> payload, Deadline deadline)
    {
        switch (kind)
        {
            case PeerRequestKind.Write:
                (RangeId writeRange, AckMode ack, ReadOnlyMemory<byte> command) = PeerRequestCodec.DecodeWrite(payload);
                return PeerRequestCodec.EncodeAnswer(replicas.FindServing(writeRange) is { } writer
                    ? await _writes.WriteAsync(writer, command, ack, deadline)
                    : NoReplica(writeRange));

            case PeerRequestKind.Get:
                (RangeId getRange, ReadOptions getOptions, ReadOnlyMemory<byte> key) = PeerRequestCodec.DecodeGet(payload);
                return PeerRequestCodec.EncodeAnswer(Reader(getRange, getOptions) is { } getter
                    ? await _reads.GetAsync(getter, key, getOptions, deadline)
                    : NoReplica(getRange));

            case PeerRequestKind.GetMany:
                (RangeId manyRange, ReadOptions manyOptions, IReadOnlyList<ReadOnlyMemory<byte>> keys) = PeerRequestCodec.DecodeGetMany(payload);
                return PeerRequestCodec.EncodeAnswer(Reader(manyRange, manyOptions) is { } many
                    ? await _reads.GetManyAsync(many, keys, manyOptions, deadline)
                    : NoReplica(manyRange));

            case PeerRequestKind.Scan:
                (RangeId scanRange, ReadOptions scanOptions, ScanQuery query) = PeerRequestCodec.DecodeScan(payload);
                return PeerRequestCodec.EncodeAnswer(Reader(scanRange, scanOptions) is { } scanner
                    ? await _reads.ScanAsync(scanner, query, scanOptions, deadline)
                    : NoReplica(scanRange));

            case PeerRequestKind.Transfer:
                (RangeId transferRange, NodeId to) = PeerRequestCodec.DecodeTransfer(payload);
                return PeerRequestCodec.EncodeError(replicas.FindServing(transferRange) is { } leader
                    ? await LocalTransfers.RunAsync(leader, to)
                    : NoReplica(transferRange));

            default:
                throw new InvalidDataException($"A node asked for {kind}, which requests are not.");
        }
    }

    /// <summary>The replica that serves another node's read. One that has halted, or does not vote, says why only to who asked for it by name; everybody else goes on to another replica.</summary>
    private Replica? Reader(RangeId range, ReadOptions options) =>
        options.Replica.Kind == ReplicaChoiceKind.Node ? replicas.FindServing(range) : replicas.FindVoter(range);

    private RequestError NoReplica(RangeId range) =>
        new(ErrorCode.NotLeader, $"Node {node} has no replica of range {range}.");
}
