using RaftDb.Raft;
using RaftDb.Storage;
using RaftDb.Storage.StateMachines.Changes;
using RaftDb.Storage.StateMachines.Reads;

namespace RaftDb.Server.Ranges.Watches;

/// <summary>Lets watchers read what the replicas on this node keep. Watchers come and read at their own pace; applies know nothing of them.</summary>
internal sealed class RangeWatches(NodeId node, RangeMap map, LocalReplicas replicas, RequestRouter router) : IRangeWatches
{
    /// <summary>For a range without a replica here.</summary>
    private static readonly Task Never = new TaskCompletionSource().Task;

    // A renewal that meets an election still comes in time.
    public TimeSpan RenewEvery => router.ChangesKept / 4;

    public IReadOnlyList<RangeId> Overlapping(ReadOnlyMemory<byte> start, ReadOnlyMemory<byte>? end) =>
    [
        .. map.InKeyOrder
            .Where(range => (range.End is not { } rangeEnd || rangeEnd.Span.SequenceCompareTo(start.Span) > 0)
                && (end is not { } last || range.Start.Span.SequenceCompareTo(last.Span) < 0))
            .Select(range => range.Id),
    ];

    public ValueTask<Outcome<WriteAnswer>> KeepAsync(RangeId range, Deadline deadline, CancellationToken cancel) => router.KeepChangesAsync(range, deadline, cancel);

    public Task NewsOf(RangeId range) => replicas.FindServing(range)?.Applies.Next ?? Never;

    public async ValueTask<Outcome<ChangePage>> ReadAsync(RangeId range, ChangeQuery query)
    {
        // A page may take milliseconds, which the caller's thread may owe to others.
        await Task.Yield();
        if (replicas.FindServing(range) is not { Halted: null } replica)
        {
            IEnumerable<NodeId> others = map.Find(range)?.Replicas.Select(r => r.Node).Where(n => n != node) ?? [];
            return new RequestError(
                ErrorCode.Unavailable, $"Node {node} has no working replica of range {range} to watch. Watch at one of the nodes {string.Join(", ", others)}.");
        }

        using IReadView? view = replica.State.TryOpenReadView();
        if (view is null)
        {
            return new RequestError(ErrorCode.Unavailable, $"The replica of range {range} on node {node} is being replaced. Watch again.");
        }

        if (view.Applied.Index < query.After)
        {
            // Another replica has shown more than this one has: it comes.
            return new ChangePage([], query.After, null);
        }

        ChangePage page = view.Changes(query);
        return page.FirstAfter is { } first
            ? new RequestError(
                ErrorCode.Compacted,
                first == LogIndex.Zero
                    ? $"The changes of range {range} after index {query.After} are not kept any more, nobody watched for long. Read what there is, and watch without a token."
                    : $"The changes of range {range} after index {query.After} are not kept any more; the first that are follow index {first}. Read what there is, and watch from {range}:{first}.",
                Index: first.Value + 1)
            : page;
    }
}
