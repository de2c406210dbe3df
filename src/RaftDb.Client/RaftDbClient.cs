using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.Json;
using RaftDb.Client.Http;
using RaftDb.Client.Protocol;

namespace RaftDb.Client;

/// <summary>A client of a cluster. Safe for use by many callers at once; keep one for the life of the program.</summary>
public sealed class RaftDbClient : IAsyncDisposable
{
    private readonly HttpCaller _http;
    private readonly RaftDbClientOptions _options;
    private readonly TokenKeeper _token = new();

    internal RaftDbClient(IReadOnlyList<Endpoint> endpoints, RaftDbClientOptions options)
    {
        _options = options;
        _http = new HttpCaller(endpoints, options, _token);
    }

    /// <summary>Connects to a cluster and sees that a node answers.</summary>
    /// <param name="servers">HTTP addresses of one or more nodes: <c>host:port,host:port</c>.</param>
    /// <param name="options">How the client behaves.</param>
    /// <param name="cancel">Gives up.</param>
    public static async Task<RaftDbClient> ConnectAsync(
        string servers, RaftDbClientOptions? options = null, CancellationToken cancel = default)
    {
        RaftDbClient client = Create(servers, options);
        try
        {
            await client._http.SendAsync(new RequestSpec(HttpMethod.Get, "/livez", null, Safety.Read), cancel).ConfigureAwait(false);
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
    public async Task<PutResult> PutAsync(Bytes key, Bytes value, WriteOptions? options = null, CancellationToken cancel = default)
    {
        // Sending a conditional put twice would make it fail on its own success.
        bool repeatable = _options.RetryUnknownOutcomes && options?.IfVersion is null;
        Answer answer = await _http.SendAsync(
            new RequestSpec(HttpMethod.Put, KeyTarget(key, options), value.Memory, repeatable ? Safety.Repeatable : Safety.Once)
            {
                Headers = Conditions(options),
            },
            cancel).ConfigureAwait(false);
        return Parse<PutResult>(answer);
    }

    /// <summary>Removes a key.</summary>
    public async Task<DeleteResult> DeleteAsync(Bytes key, WriteOptions? options = null, CancellationToken cancel = default)
    {
        Answer answer = await _http.SendAsync(
            new RequestSpec(HttpMethod.Delete, KeyTarget(key, options), null, Safety.Once) { Headers = Conditions(options) },
            cancel).ConfigureAwait(false);
        return Parse<DeleteResult>(answer);
    }

    /// <summary>Reads a key; null when it is absent.</summary>
    public async Task<Entry?> GetAsync(Bytes key, ReadOptions? options = null, CancellationToken cancel = default)
    {
        QueryText target = QueryText.ForKey(key.Memory.Span);
        options?.AddTo(target);
        try
        {
            Answer answer = await _http.SendAsync(
                new RequestSpec(HttpMethod.Get, target.ToString(), null, Safety.Read) { Headers = _token.HeadersFor(options) },
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

    /// <summary>Reads keys in order, a page at a time.</summary>
    public IAsyncEnumerable<ScanItem> ScanAsync(Bytes? prefix = null, CancellationToken cancel = default) =>
        ScanAsync(new ScanOptions { Prefix = prefix }, cancel);

    /// <summary>Reads keys in order, a page at a time.</summary>
    public IAsyncEnumerable<ScanItem> ScanAsync(ScanOptions options, CancellationToken cancel = default) =>
        ScanAsync(options, null, cancel);

    /// <summary>Begins a transaction within one range.</summary>
    public TxnBuilder Txn() => new(this);

    /// <summary>The cluster as one node sees it.</summary>
    public Task<ClusterStatus> StatusAsync(CancellationToken cancel = default) => GetJsonAsync<ClusterStatus>("/v1/status", null, cancel);

    /// <summary>Moves the leadership of a range to a node.</summary>
    public Task TransferAsync(ulong range, ulong to, CancellationToken cancel = default) =>
        PostAsync($"/v1/ranges/{range}/transfer", new { to }, cancel);

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        _http.Dispose();
        return ValueTask.CompletedTask;
    }

    /// <summary>A scan, of one node's answers only when <paramref name="only"/> is given.</summary>
    internal async IAsyncEnumerable<ScanItem> ScanAsync(
        ScanOptions options, Endpoint? only, [EnumeratorCancellation] CancellationToken cancel)
    {
        Bytes? start = options.Start;
        Bytes? end = options.End;
        int left = options.Limit ?? int.MaxValue;
        while (left > 0)
        {
            ScanPage page = await GetJsonAsync<ScanPage>(
                ScanPage.Target(options, start, end, Math.Min(left, options.PageSize)), only, cancel, _token.HeadersFor(options.Read))
                .ConfigureAwait(false);
            foreach (ScanPageItem item in page.Items)
            {
                yield return item.Decode();
                if (--left == 0)
                {
                    yield break;
                }
            }

            if (page.Next is not { } next)
            {
                yield break;
            }

            if (options.Reverse)
            {
                end = new Bytes(next.Bytes);
            }
            else
            {
                start = new Bytes(next.Bytes);
            }
        }
    }

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

    private static string KeyTarget(Bytes key, WriteOptions? options)
    {
        QueryText target = QueryText.ForKey(key.Memory.Span);
        options?.AddTo(target);
        return target.ToString();
    }

    private static IReadOnlyList<(string, string)> Conditions(WriteOptions? options) => options?.IfVersion switch
    {
        null => [],
        0 => [("If-None-Match", "*")],
        { } version => [("If-Match", $"\"{version}\"")],
    };
}
