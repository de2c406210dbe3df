using RaftDb.Storage;
using RaftDb.Storage.StateMachines.Changes;

namespace RaftDb.Server.Ranges.Watches;

/// <summary>What watchers need: to have changes kept, and to read them from this node's replicas.</summary>
internal interface IRangeWatches
{
    /// <summary>How often a watcher asks anew to have changes kept.</summary>
    TimeSpan RenewEvery { get; }

    /// <summary>The ranges that hold keys in [start, end), in their order.</summary>
    IReadOnlyList<RangeId> Overlapping(ReadOnlyMemory<byte> start, ReadOnlyMemory<byte>? end);

    /// <summary>Has a range's changes kept for some time, and answers from which entry on that is certain: everything acknowledged before the call is before it.</summary>
    ValueTask<Outcome<WriteAnswer>> KeepAsync(RangeId range, Deadline deadline, CancellationToken cancel);

    /// <summary>Reads on in a range. Compacted when what is asked for is not kept, with the first index that is.</summary>
    ValueTask<Outcome<ChangePage>> ReadAsync(RangeId range, ChangeQuery query);

    /// <summary>Completes when this node has applied something more of a range. To be taken before reading.</summary>
    Task NewsOf(RangeId range);
}
