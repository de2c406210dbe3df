using System.Text.Json;
using RaftDb.Client.Data;
using RaftDb.Client.Http;
using RaftDb.Client.Protocol;
using RaftDb.Client.Resp;
using RaftDb.Client.Routing;
using RaftDb.Client.Telemetry;
using RaftDb.Client.Watches;

namespace RaftDb.Client;

/// <summary>
/// A client of a cluster. Safe for use by many callers at once; keep one for the life of the program. Data goes over few pipelined connections to the leaders of the ranges; writes are
/// done exactly once, whatever becomes of connections and leaders, unless that is switched off.
/// </summary>
public sealed class RaftDbClient : IAsyncDisposable
{
    private const int MaxIds = 4096;

    private readonly HttpCaller _http;
    private readonly HttpData _overHttp;
    private readonly RouteCache? _routes;
    private readonly RespData? _overResp;
    private readonly Watcher _watcher;

    internal RaftDbClient(IReadOnlyList<Endpoint> endpoints, RaftDbClientOptions options)
    {
        TokenKeeper tokens = new();
        _http = new HttpCaller(endpoints, options, tokens);
        _overHttp = new HttpData(options, _http, tokens);
        if (options.Protocol == ClientProtocol.Auto)
        {
            _routes = new RouteCache(options, _http);
            _overResp = new RespData(options, new RespCaller(options, _routes, tokens), _routes, tokens);
        }

        _watcher = new Watcher(endpoints, options, _routes);
    }

    /// <summary>Connects to a cluster and sees that a node answers.</summary>
    /// <param name="servers">HTTP addresses of one or more nodes: <c>host:port,host:port</c>. The others, and where they serve RESP, are found by themselves.</param>
    /// <param name="options">How the client behaves.</param>
    /// <param name="cancel">Gives up.</param>
    public static async Task<RaftDbClient> ConnectAsync(
        string servers, RaftDbClientOptions? options = null, CancellationToken cancel = default)
    {
        RaftDbClient client = Create(servers, options);
        try
        {
            await client._http.SendAsync(new RequestSpec(HttpMethod.Get, "/livez", null, Safety.Read), cancel).ConfigureAwait(false);
            await client.PathAsync(cancel).ConfigureAwait(false);
            return client;
        }
        catch
        {
            await client.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>A client that connects when it is first used.</summary>
    public static RaftDbClient Create(string servers, RaftDbClientOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(servers);
        if (!Endpoint.TryParseList(servers, out IReadOnlyList<Endpoint>? endpoints, out string? wrong))
        {
            throw new ArgumentException($"'{wrong}' is not an address like 127.0.0.1:8101.", nameof(servers));
        }

        return new(endpoints, options ?? new());
    }

    /// <summary>Writes a key.</summary>
    public Task<PutResult> PutAsync(Bytes key, Bytes value, WriteOptions? options = null, CancellationToken cancel = default) =>
        DoAsync("PUT", (key, value, options), static (path, call, cancel) => path.PutAsync(call.key, call.value, call.options, cancel), cancel);

    /// <summary>Removes a key.</summary>
    public Task<DeleteResult> DeleteAsync(Bytes key, WriteOptions? options = null, CancellationToken cancel = default) =>
        DoAsync("DELETE", (key, options), static (path, call, cancel) => path.DeleteAsync(call.key, call.options, cancel), cancel);

    /// <summary>Adds to the decimal number that a key holds; an absent key counts as 0.</summary>
    public Task<IncrementResult> IncrementAsync(Bytes key, long by = 1, CancellationToken cancel = default) =>
        DoAsync("INCREMENT", (key, by), static (path, call, cancel) => path.IncrementAsync(call.key, call.by, cancel), cancel);

    /// <summary>Reads a key; null when it is absent.</summary>
    public Task<Entry?> GetAsync(Bytes key, ReadOptions? options = null, CancellationToken cancel = default) =>
        DoAsync("GET", (key, options), static (path, call, cancel) => path.GetAsync(call.key, call.options, cancel), cancel);

    /// <summary>Reads keys, of any ranges; null for one that is absent. Keys of one range are read together (a hundred at a time, each hundred in one view).</summary>
    public Task<IReadOnlyList<Entry?>> GetManyAsync(IReadOnlyList<Bytes> keys, ReadOptions? options = null, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(keys);
        return DoAsync("GET_MANY", (keys, options), static (path, call, cancel) => path.GetManyAsync(call.keys, call.options, cancel), cancel);
    }

    /// <summary>
    /// Does many writes, of any ranges. Those of one range are one log entry (or several, of a thousand writes each); ranges are independent of each other. Throws when something was
    /// not done, or may not have been: the results say which, in <see cref="RaftDbBatchException"/>.
    /// </summary>
    /// <param name="batch">The writes.</param>
    /// <param name="ack">quorum (the default), all or leader.</param>
    /// <param name="cancel">Gives up.</param>
    /// <returns>One result per write, in their order.</returns>
    public async Task<IReadOnlyList<BatchResult>> BatchAsync(WriteBatch batch, string? ack = null, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(batch);
        IReadOnlyList<BatchResult> results = await DoAsync(
            "BATCH", (batch, ack), static (path, call, cancel) => path.BatchAsync(call.batch.Operations, call.ack, cancel), cancel).ConfigureAwait(false);
        return results.FirstOrDefault(result => result.Error is not null)?.Error is { } first ? throw new RaftDbBatchException(first, results) : results;
    }

    /// <summary>Removes all keys from <paramref name="start"/> (null: the first) up to, not including, <paramref name="end"/> (null: to the end), piece by piece. Tells how many.</summary>
    public async Task<long> DeleteRangeAsync(Bytes? start, Bytes? end, CancellationToken cancel = default)
    {
        long count = 0;
        Bytes? next = start ?? new Bytes(ReadOnlyMemory<byte>.Empty);
        while (next is { } from && (end is not { } bound || from.Memory.Span.SequenceCompareTo(bound.Memory.Span) < 0))
        {
            (long some, next) = await DoAsync(
                "DELETE_RANGE", (from, end), static (path, call, cancel) => path.DeleteSomeAsync(call.from, call.end, cancel), cancel).ConfigureAwait(false);
            count += some;
        }

        return count;
    }

    /// <summary>Reads keys in order, a page at a time.</summary>
    public IAsyncEnumerable<ScanItem> ScanAsync(Bytes? prefix = null, CancellationToken cancel = default) =>
        ScanAsync(new ScanOptions { Prefix = prefix }, cancel);

    /// <summary>Reads keys in order, a page at a time; the next page is on its way while one is read.</summary>
    public IAsyncEnumerable<ScanItem> ScanAsync(ScanOptions options, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        return PagedScan.RunAsync(options, (start, end, limit, token) => PageAsync(options, start, end, limit, token), cancel);
    }

    /// <summary>Takes unique ids: each greater than those before it from the same node, and none given twice.</summary>
    /// <param name="count">How many, up to 4096.</param>
    /// <param name="cancel">Gives up.</param>
    public Task<long[]> NextIdsAsync(int count = 1, CancellationToken cancel = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, MaxIds);
        return DoAsync("IDS", count, static (path, count, cancel) => path.NextIdsAsync(count, cancel), cancel);
    }

    /// <summary>Every change of keys that begin so, as it happens, without end: see <see cref="WatchAsync(WatchOptions, CancellationToken)"/>.</summary>
    public IAsyncEnumerable<WatchEvent> WatchAsync(Bytes? prefix = null, string? from = null, CancellationToken cancel = default) =>
        WatchAsync(new WatchOptions { Prefix = prefix, From = from }, cancel);

    /// <summary>
    /// Every change, once, in the order of each range's log, through lost connections and changes of leaders. Without <see cref="WatchOptions.From"/> it tells what is written
    /// after it has begun, which is when the enumeration does. Throws <see cref="RaftDbCompactedException"/> when what comes next is no longer kept.
    /// </summary>
    public IAsyncEnumerable<WatchEvent> WatchAsync(WatchOptions options, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        return _watcher.RunAsync(options, cancel);
    }

    /// <summary>Begins a transaction within one range.</summary>
    public TxnBuilder Txn() => new(this);

    /// <summary>The cluster as one node sees it.</summary>
    public Task<ClusterStatus> StatusAsync(CancellationToken cancel = default) => GetJsonAsync<ClusterStatus>("/v1/status", null, cancel);

    /// <summary>Moves the leadership of a range to a node.</summary>
    public Task TransferAsync(ulong range, ulong to, CancellationToken cancel = default) =>
        PostAsync($"/v1/ranges/{range}/transfer", new { to }, cancel);

    /// <summary>Waits a moment for what is under way, and closes all connections.</summary>
    public async ValueTask DisposeAsync()
    {
        _watcher.Dispose();
        if (_routes is not null)
        {
            await _routes.DisposeAsync().ConfigureAwait(false);
        }

        _http.Dispose();
    }

    internal Task<TxnResult> TransactAsync(TransactionRequest request, string? ack, CancellationToken cancel) =>
        DoAsync("TXN", (request, ack), static (path, call, cancel) => path.TransactAsync(call.request, call.ack, cancel), cancel);

    /// <summary>A scan of one node's answers only, over HTTP.</summary>
    internal IAsyncEnumerable<ScanItem> ScanAsync(ScanOptions options, Endpoint? only, CancellationToken cancel) => only is null
        ? ScanAsync(options, cancel)
        : PagedScan.RunAsync(options, (start, end, limit, token) => _overHttp.PageAsync(options, start, end, limit, only, token), cancel);

    internal async Task<T> GetJsonAsync<T>(
        string target, Endpoint? only, CancellationToken cancel, IReadOnlyList<(string, string)>? headers = null)
    {
        Answer answer = await _http.SendAsync(
            new RequestSpec(HttpMethod.Get, target, null, Safety.Read) { Only = only, Headers = headers ?? [] }, cancel).ConfigureAwait(false);
        return Parse<T>(answer);
    }

    internal async Task<string> GetTextAsync(string target, Endpoint? only, CancellationToken cancel)
    {
        Answer answer = await _http.SendAsync(
            new RequestSpec(HttpMethod.Get, target, null, Safety.Read) { Only = only }, cancel).ConfigureAwait(false);
        return System.Text.Encoding.UTF8.GetString(answer.Body);
    }

    internal async Task<byte[]> PostAsync(string target, object? body, CancellationToken cancel) =>
        (await SendJsonAsync(HttpMethod.Post, target, body, cancel).ConfigureAwait(false)).Body;

    internal async Task<Answer> SendJsonAsync(HttpMethod method, string target, object? body, CancellationToken cancel)
    {
        Answer answer = await _http.SendAsync(
            new RequestSpec(method, target, body is null ? default(ReadOnlyMemory<byte>?) : JsonSerializer.SerializeToUtf8Bytes(body, Json.Options), Safety.Once)
            {
                ContentType = "application/json",
            },
            cancel).ConfigureAwait(false);
        return answer;
    }

    internal static T Parse<T>(Answer answer)
    {
        try
        {
            return JsonSerializer.Deserialize<T>(answer.Body, Json.Options) ?? throw new JsonException("null");
        }
        catch (JsonException failure)
        {
            throw new RaftDbException(RaftDbErrorCodes.Internal, "The node's answer can't be read. Is the address a RaftDb node's HTTP address?", failure);
        }
    }

    private async Task<(IReadOnlyList<ScanItem> Items, Bytes? Next)> PageAsync(ScanOptions options, Bytes? start, Bytes? end, int limit, CancellationToken cancel) =>
        await DoAsync(
            "SCAN", (options, start, end, limit), static (path, call, cancel) => path.PageAsync(call.options, call.start, call.end, call.limit, cancel), cancel)
            .ConfigureAwait(false);

    private ValueTask<IDataPath> PathAsync(CancellationToken cancel)
    {
        if (_routes is null)
        {
            return new(_overHttp);
        }

        ValueTask<RouteMap?> routes = _routes.GetAsync(cancel);
        return routes.IsCompletedSuccessfully ? new(PathFor(routes.Result)) : LearnAsync(routes);

        async ValueTask<IDataPath> LearnAsync(ValueTask<RouteMap?> routes) => PathFor(await routes.ConfigureAwait(false));

        IDataPath PathFor(RouteMap? map) => map is null ? _overHttp : _overResp!;
    }

    private async Task<T> DoAsync<T, TCall>(string name, TCall call, Func<IDataPath, TCall, CancellationToken, Task<T>> run, CancellationToken cancel)
    {
        ClientTelemetry.CallScope scope = ClientTelemetry.Begin(name);
        try
        {
            IDataPath path = await PathAsync(cancel).ConfigureAwait(false);
            T result = await run(path, call, cancel).ConfigureAwait(false);
            scope.Done();
            return result;
        }
        catch (UnexpectedAnswerException failure)
        {
            scope.Failed(failure);
            throw new RaftDbException(RaftDbErrorCodes.Internal, $"The node's answer can't be understood: {failure.Message}.", failure);
        }
        catch (Exception failure)
        {
            scope.Failed(failure);
            throw;
        }
    }
}
