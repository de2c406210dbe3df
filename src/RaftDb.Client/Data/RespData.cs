using RaftDb.Client.Protocol;
using RaftDb.Client.Resp;
using RaftDb.Client.Routing;

namespace RaftDb.Client.Data;

/// <summary>Data over RESP, each request to the range that it is about.</summary>
internal sealed class RespData(RaftDbClientOptions options, RespCaller caller, RouteCache routes, TokenKeeper tokens) : IDataPath
{
    /// <summary>Keys asked for at once: an answer is in memory as a whole.</summary>
    private const int KeysAtOnce = 100;

    /// <summary>Operations and bytes of one log entry: well below what nodes take.</summary>
    private const int OperationsAtOnce = 1000;
    private const int BytesAtOnce = 4 << 20;
    private const int DeletedAtOnce = 1000;

    public async Task<PutResult> PutAsync(Bytes key, Bytes value, WriteOptions? write, CancellationToken cancel)
    {
        string? ttl = write?.TimeToLive is { } span ? Durations.Format(span) : null;
        OperationDocument put = new() { Put = new(new(key.Memory), new(value.Memory), ttl) };
        bool repeatable = options.RetryUnknownOutcomes && write?.IfVersion is null;
        RespValue answer = await WriteAsync("PUT", key, put, write, repeatable, cancel).ConfigureAwait(false);
        RespValue[] results = answer[7].Items;
        return new(answer[1].Unsigned, answer[2].Unsigned, results.Length == 0 ? 0 : results[0][1].Unsigned, answer[4].Integer >= 0);
    }

    public async Task<DeleteResult> DeleteAsync(Bytes key, WriteOptions? write, CancellationToken cancel)
    {
        OperationDocument delete = new() { Delete = new(new(key.Memory)) };
        RespValue answer = await WriteAsync("DELETE", key, delete, write, false, cancel).ConfigureAwait(false);
        RespValue[] results = answer[7].Items;
        return new(results.Length > 0 && results[0][4].Integer > 0, answer[1].Unsigned, answer[2].Unsigned);
    }

    public async Task<IncrementResult> IncrementAsync(Bytes key, long by, CancellationToken cancel)
    {
        OperationDocument increment = new() { Increment = new(new(key.Memory), by) };
        RespValue answer = await WriteAsync("INCREMENT", key, increment, null, false, cancel).ConfigureAwait(false);
        RespValue sum = answer[7][0];
        return new(long.Parse(sum[3].Text, System.Globalization.CultureInfo.InvariantCulture), sum[1].Unsigned, answer[1].Unsigned, answer[2].Unsigned);
    }

    public async Task<Entry?> GetAsync(Bytes key, ReadOptions? read, CancellationToken cancel)
    {
        NotEmpty(key);
        RespValue answer = await caller.SendAsync(new ReadCall("GET", [key], read, tokens), cancel).ConfigureAwait(false);
        return EntryOf(answer, answer[4]);
    }

    public async Task<IReadOnlyList<Entry?>> GetManyAsync(IReadOnlyList<Bytes> keys, ReadOptions? read, CancellationToken cancel)
    {
        Entry?[] entries = new Entry?[keys.Count];
        await Task.WhenAll(ByRange(keys).Select(async group =>
        {
            foreach (int[] some in group.Chunk(KeysAtOnce))
            {
                RespValue answer = await caller.SendAsync(new ReadCall("GET_MANY", [.. some.Select(i => keys[i])], read, tokens), cancel).ConfigureAwait(false);
                for (int i = 0; i < some.Length; i++)
                {
                    entries[some[i]] = EntryOf(answer, answer[4 + i]);
                }
            }
        })).ConfigureAwait(false);
        return entries;
    }

    public async Task<(IReadOnlyList<ScanItem> Items, Bytes? Next)> PageAsync(ScanOptions scan, Bytes? start, Bytes? end, int limit, CancellationToken cancel)
    {
        (ReadOnlyMemory<byte> from, ReadOnlyMemory<byte>? to) = KeyBounds.Of(scan.Prefix, start, end);
        RespValue answer = await caller.SendAsync(new ScanCall(from, to, Math.Min(limit, 10_000), scan, tokens), cancel).ConfigureAwait(false);
        RespValue[] parts = answer.Items;
        ScanItem[] items = new ScanItem[parts.Length - 5];
        for (int i = 0; i < items.Length; i++)
        {
            RespValue row = parts[5 + i];
            items[i] = new(row[0].Bytes, row[1].Bytes, row[2].Unsigned, row[3].Unsigned);
        }

        return (items, parts[4].IsNull ? (Bytes?)null : new Bytes(parts[4].Bytes));
    }

    public async Task<TxnResult> TransactAsync(TransactionRequest request, string? ack, CancellationToken cancel)
    {
        RespValue answer = await caller.SendAsync(
            new TransactionCall("TXN", request.Compare, request.Then ?? [], request.Else) { Ack = ack, InSession = options.Sessions && ack != "leader" }, cancel)
            .ConfigureAwait(false);
        return new(answer[4].Integer == 1, answer[1].Unsigned, answer[2].Unsigned, [.. answer[7].Items.Select(ResultOf)]);
    }

    public async Task<IReadOnlyList<BatchResult>> BatchAsync(IReadOnlyList<OperationDocument> operations, string? ack, CancellationToken cancel)
    {
        BatchResult[] results = new BatchResult[operations.Count];
        Bytes[] keys = [.. operations.Select(operation => new Bytes(TransactionCall.KeyOf(operation)))];
        await Task.WhenAll(ByRange(keys).Select(async group =>
        {
            foreach (int[] some in Entries(operations, group))
            {
                await BatchAsync(operations, some, ack, results, cancel).ConfigureAwait(false);
            }
        })).ConfigureAwait(false);
        return results;
    }

    public async Task<(long Count, Bytes? Next)> DeleteSomeAsync(Bytes start, Bytes? end, CancellationToken cancel)
    {
        // As far as the range goes; the next one is another request.
        RangeRoute range = routes.Known!.Of(start.Memory.Span);
        bool endsHere = end is { } bound && (range.End is null || bound.Memory.Span.SequenceCompareTo(range.End) <= 0);
        BinaryText? to = endsHere ? new BinaryText(end!.Value.Memory) : range.End is { } last ? new BinaryText(last) : null;
        OperationDocument delete = new() { DeleteRange = new(new BinaryText(start.Memory), to, DeletedAtOnce) };
        RespValue answer = await caller.SendAsync(
            new TransactionCall("DELETE_RANGE", null, [delete], null) { InSession = options.Sessions }, cancel).ConfigureAwait(false);
        RespValue gone = answer[7][0];
        return (gone[4].Integer, gone[5].Integer == 1 ? start : endsHere || range.End is null ? (Bytes?)null : new Bytes(range.End));
    }

    public async Task<long[]> NextIdsAsync(int count, CancellationToken cancel)
    {
        RespValue answer = await caller.SendAsync(new IdsCall(count), cancel).ConfigureAwait(false);
        return [.. answer.Items.Select(id => id.Integer)];
    }

    private async ValueTask<RespValue> WriteAsync(
        string name, Bytes key, OperationDocument operation, WriteOptions? write, bool repeatable, CancellationToken cancel)
    {
        NotEmpty(key);
        Comparison[]? compare = write?.IfVersion is { } version ? [new(new(key.Memory), Version: version)] : null;
        RespValue answer = await caller.SendAsync(
            new TransactionCall(name, compare, [operation], null) { Ack = write?.Ack, InSession = options.Sessions && write?.Ack != "leader", MayRepeat = repeatable },
            cancel).ConfigureAwait(false);
        return answer[4].Integer != 0
            ? answer
            : throw new RaftDbException(
                RaftDbErrorCodes.ConditionFailed,
                answer[5].Integer == 0 ? "The key is absent." : $"The key's version is {answer[5].Integer}, last changed by index {answer[6].Integer}.")
            {
                Version = answer[5].Unsigned,
                Index = answer[6].Unsigned,
            };
    }

    private async Task BatchAsync(IReadOnlyList<OperationDocument> operations, int[] some, string? ack, BatchResult[] results, CancellationToken cancel)
    {
        try
        {
            RespValue answer = await caller.SendAsync(
                new TransactionCall("BATCH", null, [.. some.Select(i => operations[i])], null) { Ack = ack, InSession = options.Sessions && ack != "leader" }, cancel)
                .ConfigureAwait(false);
            BatchResult common = new() { Range = answer[1].Unsigned, Index = answer[2].Unsigned, Committed = answer[4].Integer < 0 ? false : null, Acked = Nodes(answer[8]), Absent = Nodes(answer[9]) };
            RespValue[] done = answer[7].Items;
            for (int i = 0; i < some.Length; i++)
            {
                results[some[i]] = done.Length == 0 ? common : BatchResultOf(common, done[i]);
            }
        }
        catch (RaftDbException failure)
        {
            BatchResult failed = new() { Error = HttpData.Problem(failure) };
            foreach (int i in some)
            {
                results[i] = failed;
            }
        }
    }

    private static void NotEmpty(Bytes key)
    {
        if (key.Memory.IsEmpty)
        {
            throw new RaftDbException(RaftDbErrorCodes.InvalidArgument, "The key is empty; keys have at least one byte.");
        }
    }

    /// <summary>What belongs together in one log entry.</summary>
    private static IEnumerable<int[]> Entries(IReadOnlyList<OperationDocument> operations, List<int> group)
    {
        List<int> entry = [];
        long bytes = 0;
        foreach (int i in group)
        {
            long size = TransactionCall.KeyOf(operations[i]).Length + (operations[i].Put?.Value.Bytes.Length ?? 0);
            if (entry.Count == OperationsAtOnce || (entry.Count > 0 && bytes + size > BytesAtOnce))
            {
                yield return [.. entry];
                entry.Clear();
                bytes = 0;
            }

            entry.Add(i);
            bytes += size;
        }

        if (entry.Count > 0)
        {
            yield return [.. entry];
        }
    }

    /// <summary>The places of keys, by the ranges that the keys lie in.</summary>
    private IEnumerable<List<int>> ByRange(IReadOnlyList<Bytes> keys)
    {
        RouteMap map = routes.Known!;
        Dictionary<ulong, List<int>> groups = [];
        for (int i = 0; i < keys.Count; i++)
        {
            NotEmpty(keys[i]);
            ulong range = map.Of(keys[i].Memory.Span).Id;
            if (!groups.TryGetValue(range, out List<int>? group))
            {
                groups.Add(range, group = []);
            }

            group.Add(i);
        }

        return groups.Values;
    }

    private static Entry? EntryOf(RespValue answer, RespValue row) => row.IsNull
        ? null
        : new Entry(
            row[0].Bytes, row[1].Unsigned, answer[0].Unsigned, answer[1].Unsigned, answer[2].Unsigned,
            answer[3].Integer < 0 ? null : TimeSpan.FromMilliseconds(answer[3].Integer));

    private static IReadOnlyList<ulong>? Nodes(RespValue nodes) => nodes.IsNull ? null : [.. nodes.Items.Select(node => node.Unsigned)];

    private static TxnOperationResult ResultOf(RespValue done)
    {
        BinaryText? value = done[3].IsNull ? null : new BinaryText(done[3].Bytes);
        return done[0].Text switch
        {
            "put" => new(done[1].Unsigned, null, null, null),
            "delete" => new(null, null, done[4].Integer > 0, null),
            "increment" => new(done[1].Unsigned, value, null, null),
            "get" => new(done[1].Unsigned, value, null, done[1].Unsigned > 0),
            _ => new(null, null, null, null) { Count = done[4].Integer, More = done[5].Integer == 1 },
        };
    }

    private static BatchResult BatchResultOf(BatchResult common, RespValue done) => done[0].Text switch
    {
        "put" => common with { Version = done[1].Unsigned },
        "delete" => common with { Deleted = done[4].Integer > 0 },
        "increment" => common with { Version = done[1].Unsigned, Value = new BinaryText(done[3].Bytes) },
        _ => common with { Count = (int)done[4].Integer, More = done[5].Integer == 1 },
    };
}
