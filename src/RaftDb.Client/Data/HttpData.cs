using System.Globalization;
using System.Text.Json;
using RaftDb.Client.Http;
using RaftDb.Client.Protocol;

namespace RaftDb.Client.Data;

/// <summary>Data over HTTP, to any of the given addresses: for clusters that serve no RESP. Without sessions.</summary>
internal sealed class HttpData(RaftDbClientOptions options, HttpCaller http, TokenKeeper tokens) : IDataPath
{
    private const int DeletedAtOnce = 1000;
    private const int AtOnce = 16;

    public async Task<PutResult> PutAsync(Bytes key, Bytes value, WriteOptions? write, CancellationToken cancel)
    {
        // Sending a conditional put twice would make it fail on its own success.
        bool repeatable = options.RetryUnknownOutcomes && write?.IfVersion is null;
        Answer answer = await http.SendAsync(
            new RequestSpec(HttpMethod.Put, KeyTarget(key, write), value.Memory, repeatable ? Safety.Repeatable : Safety.Once)
            {
                Headers = Conditions(write),
            },
            cancel).ConfigureAwait(false);
        return RaftDbClient.Parse<PutResult>(answer);
    }

    public async Task<DeleteResult> DeleteAsync(Bytes key, WriteOptions? write, CancellationToken cancel)
    {
        Answer answer = await http.SendAsync(
            new RequestSpec(HttpMethod.Delete, KeyTarget(key, write), null, Safety.Once) { Headers = Conditions(write) },
            cancel).ConfigureAwait(false);
        return RaftDbClient.Parse<DeleteResult>(answer);
    }

    public async Task<IncrementResult> IncrementAsync(Bytes key, long by, CancellationToken cancel)
    {
        TxnResult done = await TransactAsync(new(null, [new() { Increment = new(new(key.Memory), by) }], null), null, cancel).ConfigureAwait(false);
        TxnOperationResult sum = done.Results[0];
        string number = System.Text.Encoding.ASCII.GetString((sum.Value?.Bytes ?? default).Span);
        return new(long.Parse(number, CultureInfo.InvariantCulture), sum.Version ?? 0, done.Range, done.Index);
    }

    public async Task<Entry?> GetAsync(Bytes key, ReadOptions? read, CancellationToken cancel)
    {
        QueryText target = QueryText.ForKey(key.Memory.Span);
        read?.AddTo(target);
        try
        {
            Answer answer = await http.SendAsync(
                new RequestSpec(HttpMethod.Get, target.ToString(), null, Safety.Read) { Headers = tokens.HeadersFor(read) },
                cancel).ConfigureAwait(false);
            return new Entry(
                answer.Body,
                answer.Number("RaftDb-Version") ?? 0,
                answer.Number("RaftDb-Node"),
                answer.Number("RaftDb-Range"),
                answer.Number("RaftDb-Index"),
                double.TryParse(answer.Header("RaftDb-Staleness-Ms"), CultureInfo.InvariantCulture, out double age)
                    ? TimeSpan.FromMilliseconds(age)
                    : null);
        }
        catch (RaftDbException absent) when (absent.Code == RaftDbErrorCodes.NotFound)
        {
            return null;
        }
    }

    public async Task<IReadOnlyList<Entry?>> GetManyAsync(IReadOnlyList<Bytes> keys, ReadOptions? read, CancellationToken cancel)
    {
        List<Entry?> entries = new(keys.Count);
        foreach (Bytes[] some in keys.Chunk(AtOnce))
        {
            entries.AddRange(await Task.WhenAll(some.Select(key => GetAsync(key, read, cancel))).ConfigureAwait(false));
        }

        return entries;
    }

    public async Task<(IReadOnlyList<ScanItem> Items, Bytes? Next)> PageAsync(ScanOptions scan, Bytes? start, Bytes? end, int limit, CancellationToken cancel) =>
        await PageAsync(scan, start, end, limit, null, cancel).ConfigureAwait(false);

    /// <summary>A page, as one node has it when <paramref name="only"/> is given.</summary>
    public async Task<(IReadOnlyList<ScanItem> Items, Bytes? Next)> PageAsync(
        ScanOptions scan, Bytes? start, Bytes? end, int limit, Endpoint? only, CancellationToken cancel)
    {
        Answer answer = await http.SendAsync(
            new RequestSpec(HttpMethod.Get, ScanPage.Target(scan, start, end, limit), null, Safety.Read) { Only = only, Headers = tokens.HeadersFor(scan.Read) },
            cancel).ConfigureAwait(false);
        ScanPage page = RaftDbClient.Parse<ScanPage>(answer);
        return ([.. page.Items.Select(item => item.Decode())], page.Next is { } next ? new Bytes(next.Bytes) : (Bytes?)null);
    }

    public async Task<TxnResult> TransactAsync(TransactionRequest request, string? ack, CancellationToken cancel)
    {
        QueryText target = new("/v1/txn");
        target.Add("ack", ack);
        return RaftDbClient.Parse<TxnResult>(await PostAsync(target, request, cancel).ConfigureAwait(false));
    }

    public async Task<IReadOnlyList<BatchResult>> BatchAsync(IReadOnlyList<OperationDocument> operations, string? ack, CancellationToken cancel)
    {
        QueryText target = new("/v1/batch");
        target.Add("ack", ack);
        try
        {
            return RaftDbClient.Parse<BatchDocument>(await PostAsync(target, new BatchRequest(operations), cancel).ConfigureAwait(false)).Results;
        }
        catch (RaftDbException failure)
        {
            // Which part failed is not looked into: all of it may be in doubt.
            BatchResult failed = new() { Error = Problem(failure) };
            return [.. operations.Select(_ => failed)];
        }
    }

    public async Task<(long Count, Bytes? Next)> DeleteSomeAsync(Bytes start, Bytes? end, CancellationToken cancel)
    {
        RangeList ranges = RaftDbClient.Parse<RangeList>(await http.SendAsync(new RequestSpec(HttpMethod.Get, "/v1/ranges", null, Safety.Read), cancel).ConfigureAwait(false));
        RangeStatus range = ranges.Items.First(r => r.Kind == "kv" && (r.Start?.Bytes ?? default).Span.SequenceCompareTo(start.Memory.Span) <= 0
            && (r.End is not { } last || start.Memory.Span.SequenceCompareTo(last.Bytes.Span) < 0));
        bool endsHere = end is { } bound && (range.End is not { } border || bound.Memory.Span.SequenceCompareTo(border.Bytes.Span) <= 0);
        BinaryText? to = endsHere ? new BinaryText(end!.Value.Memory) : range.End;
        TxnResult done = await TransactAsync(new(null, [new() { DeleteRange = new(new BinaryText(start.Memory), to, DeletedAtOnce) }], null), null, cancel).ConfigureAwait(false);
        return (done.Results[0].Count ?? 0, done.Results[0].More == true ? start : endsHere || range.End is null ? (Bytes?)null : new Bytes(range.End.Value.Bytes));
    }

    public async Task<long[]> NextIdsAsync(int count, CancellationToken cancel)
    {
        Answer answer = await http.SendAsync(
            new RequestSpec(HttpMethod.Get, string.Create(CultureInfo.InvariantCulture, $"/v1/id?count={count}"), null, Safety.Read), cancel).ConfigureAwait(false);
        return [.. RaftDbClient.Parse<IdDocument>(answer).Ids.Select(id => long.Parse(id, CultureInfo.InvariantCulture))];
    }

    /// <summary>A failure as the document that a batch's result has.</summary>
    public static ProblemDocument Problem(RaftDbException failure) => new()
    {
        Type = $"urn:raftdb:problem:{failure.Code}",
        Title = failure.Code,
        Status = (int)(failure.Status ?? 0),
        Detail = failure.Message,
        Code = failure.Code,
        Leader = failure.Leader,
        Version = failure.Version,
        Index = failure.Index,
    };

    private async Task<Answer> PostAsync<T>(QueryText target, T body, CancellationToken cancel) => await http.SendAsync(
        new RequestSpec(HttpMethod.Post, target.ToString(), JsonSerializer.SerializeToUtf8Bytes(body, Json.Options), Safety.Once) { ContentType = "application/json" },
        cancel).ConfigureAwait(false);

    private static string KeyTarget(Bytes key, WriteOptions? write)
    {
        QueryText target = QueryText.ForKey(key.Memory.Span);
        write?.AddTo(target);
        return target.ToString();
    }

    private static IReadOnlyList<(string, string)> Conditions(WriteOptions? write) => write?.IfVersion switch
    {
        null => [],
        0 => [("If-None-Match", "*")],
        { } version => [("If-Match", $"\"{version}\"")],
    };
}
