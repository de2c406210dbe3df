using RaftDb.Raft;
using RaftDb.Server.Replicas;
using RaftDb.Storage;
using RaftDb.Storage.StateMachines.Reads;

namespace RaftDb.Server.Ranges;

/// <summary>Serves reads from a replica on this node at the consistency that the request names.</summary>
internal sealed class LocalReads(NodeId node, INodeClock clock)
{
    /// <summary>Bytes of values after which an answer with several keys ends: 4 MiB bounds what it takes in memory and in a message.</summary>
    private const long MaxAnswerBytes = 4 << 20;

    public async ValueTask<Outcome<GetAnswer>> GetAsync(Replica replica, ReadOnlyMemory<byte> key, ReadOptions options, Deadline deadline)
    {
        (RequestError? refusal, Instant? asOf, LogIndex needed) = await PrepareAsync(replica, options, deadline);
        if (refusal is not null)
        {
            return refusal;
        }

        using IReadView? view = OpenView(replica, needed);
        if (view is null)
        {
            return Stopping();
        }

        if (!view.Descriptor.Contains(key.Span))
        {
            return RangeChanged(view.Descriptor);
        }

        bool found = view.TryGet(key.Span, out Row row);
        return new GetAnswer(node, replica.Range, view.Applied.Index, Age(asOf), found ? row : null);
    }

    /// <summary>Reads keys in one view.</summary>
    public async ValueTask<Outcome<GetManyAnswer>> GetManyAsync(
        Replica replica, IReadOnlyList<ReadOnlyMemory<byte>> keys, ReadOptions options, Deadline deadline)
    {
        (RequestError? refusal, Instant? asOf, LogIndex needed) = await PrepareAsync(replica, options, deadline);
        if (refusal is not null)
        {
            return refusal;
        }

        using IReadView? view = OpenView(replica, needed);
        if (view is null)
        {
            return Stopping();
        }

        List<Row?> rows = new(keys.Count);
        long bytes = 0;
        for (int i = 0; i < keys.Count && (i == 0 || bytes < MaxAnswerBytes); i++)
        {
            if (!view.Descriptor.Contains(keys[i].Span))
            {
                return RangeChanged(view.Descriptor);
            }

            bool found = view.TryGet(keys[i].Span, out Row row);
            rows.Add(found ? row : null);
            bytes += found ? row.Value.Length : 0;
        }

        return new GetManyAnswer(node, replica.Range, view.Applied.Index, Age(asOf), rows);
    }

    public async ValueTask<Outcome<ScanAnswer>> ScanAsync(Replica replica, ScanQuery query, ReadOptions options, Deadline deadline)
    {
        (RequestError? refusal, Instant? asOf, LogIndex needed) = await PrepareAsync(replica, options, deadline);
        if (refusal is not null)
        {
            return refusal;
        }

        // A page may take milliseconds, which the thread that brought the request may owe to others.
        await Task.Yield();
        using IReadView? view = OpenView(replica, needed);
        if (view is null)
        {
            return Stopping();
        }

        RangeDescriptor range = view.Descriptor;
        ReadOnlyMemory<byte> start = Compare(query.Start, range.Start) < 0 ? range.Start : query.Start;
        ReadOnlyMemory<byte>? end = range.End is { } rangeEnd && (query.End is not { } queryEnd || Compare(rangeEnd, queryEnd) < 0) ? range.End : query.End;
        ScanPage page = view.Scan(query with { Start = start, End = end });
        return new ScanAnswer(node, replica.Range, view.Applied.Index, Age(asOf), page.Rows, Next(query, range, page));
    }

    /// <summary>Where the next page begins, when the query goes on beyond what this page shows.</summary>
    private static ReadOnlyMemory<byte>? Next(in ScanQuery query, RangeDescriptor range, ScanPage page)
    {
        if (page.More)
        {
            ReadOnlyMemory<byte> last = page.Rows[^1].Key;
            if (query.Reverse)
            {
                return last;
            }

            // The smallest key after the last one.
            byte[] successor = new byte[last.Length + 1];
            last.CopyTo(successor);
            return successor;
        }

        if (query.Reverse)
        {
            return !range.Start.IsEmpty && Compare(query.Start, range.Start) < 0 ? range.Start : (ReadOnlyMemory<byte>?)null;
        }

        return range.End is { } end && (query.End is not { } queryEnd || Compare(end, queryEnd) < 0) ? end : (ReadOnlyMemory<byte>?)null;
    }

    private static int Compare(ReadOnlyMemory<byte> a, ReadOnlyMemory<byte> b) => a.Span.SequenceCompareTo(b.Span);

    /// <summary>Waits until the replica may serve; gives the time before which everything committed is shown, where that is known, and what a view must show.</summary>
    private async ValueTask<(RequestError? Refusal, Instant? AsOf, LogIndex Needed)> PrepareAsync(Replica replica, ReadOptions options, Deadline deadline)
    {
        switch (options.Consistency)
        {
            case Consistency.Eventual:
                return (Halted(replica), null, LogIndex.Zero);

            case Consistency.Session:
                LogIndex seen = Mutants.SessionTokenIgnored ? LogIndex.Zero : options.Token[replica.Range];
                if (replica.Halted is null && replica.State.Machine.Applied.Index >= seen)
                {
                    return (null, null, seen);
                }

                return (Refusal(await replica.WaitAppliedAsync(seen, deadline.At), replica, options), null, seen);

            case Consistency.Bounded:
                if (replica.Halted is null && replica.Proof is { } proof && (clock.Now - proof.AsOf <= options.MaxStaleness || Mutants.StalenessBoundIgnored)
                    && replica.State.Machine.Applied.Index >= proof.Index)
                {
                    return (null, proof.AsOf, proof.Index);
                }

                break;
        }

        ReadResult result = await replica.ReadIndexAsync(deadline.At);
        RequestError? refusal = Refusal(result, replica, options);
        if (refusal is null && options.Consistency == Consistency.Bounded && clock.Now - result.AsOf > options.MaxStaleness)
        {
            refusal = TooStale(replica, options);
        }

        return (refusal, result.AsOf, result.Index);
    }

    /// <summary>Null when the node is closing its states.</summary>
    private static IReadView? OpenView(Replica replica, LogIndex needed)
    {
        while (true)
        {
            StateHandle state = replica.State;
            if (state.TryOpenReadView() is { } view)
            {
                Check.That(view.Applied.Index >= needed, $"a view of range {replica.Range} at {view.Applied.Index} does not show {needed}, which was applied before");
                return view;
            }

            // A snapshot may take the state's place between looking and opening: look again, unless nothing did.
            if (ReferenceEquals(state, replica.State))
            {
                return null;
            }
        }
    }

    private RequestError Stopping() => new(ErrorCode.Unavailable, $"Node {node} is stopping. Ask another node.");

    private TimeSpan? Age(Instant? asOf) => asOf is { } time ? clock.Now - time : null;

    private RequestError? Refusal(ReadResult result, Replica replica, ReadOptions options) => result.Status switch
    {
        ReadStatus.Ready => null,
        ReadStatus.Stopped => Halted(replica),
        _ when options.Consistency is Consistency.Bounded or Consistency.Session => TooStale(replica, options),
        ReadStatus.Behind => new(
            ErrorCode.Unavailable,
            $"The replica of range {replica.Range} on node {node} has not applied index {result.Index} within the deadline. Retry, or ask another node."),
        _ => new(
            ErrorCode.Unavailable,
            $"No leader of range {replica.Range} confirmed the read within the deadline: a quorum of its replicas may be out of reach. Retry, or read with consistency=eventual."),
    };

    private RequestError TooStale(Replica replica, ReadOptions options)
    {
        TimeSpan? staleness = replica.Proof is { } proof && replica.State.Machine.Applied.Index >= proof.Index ? clock.Now - proof.AsOf : null;
        string real = staleness is { } age ? $"{age.TotalMilliseconds:F0} ms old" : "of unknown age";
        string wanted = options.Consistency == Consistency.Bounded
            ? $"max_staleness={options.MaxStaleness.TotalMilliseconds:F0}ms"
            : $"index {options.Token[replica.Range]} of the session token";
        return new(
            ErrorCode.TooStale,
            $"The replica of range {replica.Range} on node {node} is {real} and can't honour {wanted} within the deadline. Retry, ask another node, or allow older data.",
            Staleness: staleness);
    }

    private RequestError? Halted(Replica replica) => replica.Halted is { } reason
        ? new(ErrorCode.Unavailable, $"The replica of range {replica.Range} on node {node} has stopped: {reason} Ask another node.")
        : null;

    private RequestError RangeChanged(RangeDescriptor range) =>
        new(ErrorCode.RangeChanged, $"Range {range.Id} no longer holds this key. Ask again.");
}
