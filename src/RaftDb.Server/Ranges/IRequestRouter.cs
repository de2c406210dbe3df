using RaftDb.Server.Replicas;
using RaftDb.Storage;
using RaftDb.Storage.StateMachines.Commands;
using RaftDb.Storage.StateMachines.Sessions;

namespace RaftDb.Server.Ranges;

/// <summary>Takes every request to the replica that can answer it: here, or on another node. Answers within the deadline, always.</summary>
internal interface IRequestRouter
{
    /// <summary>The time from now.</summary>
    Deadline DeadlineIn(TimeSpan timeout);

    /// <summary>A write to one range; keys of several ranges are cross_range.</summary>
    ValueTask<Outcome<WriteAnswer>> WriteAsync(WriteRequest request, Deadline deadline, CancellationToken cancel);

    /// <summary>Transactions that are independent of each other and lie in one range, as one log entry; the answer's result has them as items. Takes the items
    /// before it returns. Where the batch or its items are in sessions (all of them that write), a try whose fate is unknown is repeated.</summary>
    ValueTask<Outcome<WriteAnswer>> WriteBatchAsync(RangeDescriptor range, BatchWriter items, AckMode ack, Deadline deadline, CancellationToken cancel);

    /// <summary>Reads keys of one range, all in one view.</summary>
    ValueTask<Outcome<GetManyAnswer>> GetManyAsync(
        RangeDescriptor range, IReadOnlyList<ReadOnlyMemory<byte>> keys, ReadOptions options, Deadline deadline, CancellationToken cancel);

    /// <summary>Reads one key.</summary>
    ValueTask<Outcome<GetAnswer>> GetAsync(ReadOnlyMemory<byte> key, ReadOptions options, Deadline deadline, CancellationToken cancel);

    /// <summary>Reads one page of one range: the one where the scan begins.</summary>
    ValueTask<Outcome<ScanAnswer>> ScanAsync(
        Storage.StateMachines.Reads.ScanQuery query, ReadOptions options, Deadline deadline, CancellationToken cancel);

    /// <summary>The range that holds a key.</summary>
    RangeDescriptor RangeOf(ReadOnlySpan<byte> key);

    /// <summary>A new session's id.</summary>
    SessionId MintSession();

    /// <summary>The log's time as this node knows it, which expiry is counted in.</summary>
    HybridTimestamp LogTime { get; }

    /// <summary>Moves leadership of a range to a node.</summary>
    ValueTask<RequestError?> TransferAsync(RangeId range, NodeId to, Deadline deadline, CancellationToken cancel);
}
