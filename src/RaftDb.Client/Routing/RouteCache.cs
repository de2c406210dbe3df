using System.Collections.Concurrent;
using System.Diagnostics;
using RaftDb.Client.Http;
using RaftDb.Client.Protocol;
using RaftDb.Client.Resp;

namespace RaftDb.Client.Routing;

/// <summary>
/// Knows where to go: asks the given HTTP addresses once for the nodes, then any node for the ranges and their leaders; again in the background when an answer showed that
/// this is out of date, and now and then. Thread-safe.
/// </summary>
internal sealed class RouteCache : IAsyncDisposable
{
    /// <summary>Questions are not asked closer together than this.</summary>
    private static readonly TimeSpan Often = TimeSpan.FromMilliseconds(50);

    private static readonly TimeSpan SilentWait = TimeSpan.FromSeconds(1);

    private readonly RaftDbClientOptions _options;
    private readonly HttpCaller _http;
    private readonly ConcurrentDictionary<ulong, NodeLinks> _nodes = new();
    private readonly Lock _gate = new();
    private readonly Timer _timer;
    private volatile RouteMap? _map;
    private volatile bool _isHttpOnly;
    private Task<RouteMap?>? _refreshing;
    private long _refreshed;
    private long _late;

    public RouteCache(RaftDbClientOptions options, HttpCaller http)
    {
        _options = options;
        _http = http;
        TimeSpan often = TimeSpan.FromMilliseconds(Math.Clamp(options.SilenceLimit.TotalMilliseconds / 4, 50, 1000));
        _timer = new(_ => Check(), null, often, often);
    }

    /// <summary>What is known; null when nothing is yet, or the cluster serves HTTP only.</summary>
    public RouteMap? Known => _map;

    /// <summary>The routes; null when no node of the cluster speaks RESP. Throws <see cref="RaftDbException"/> when no node answers.</summary>
    public async ValueTask<RouteMap?> GetAsync(CancellationToken cancel)
    {
        if (_map is { } map)
        {
            if (Stopwatch.GetElapsedTime(map.Received) > _options.RouteRefresh)
            {
                Refresh();
            }

            return map;
        }

        return _isHttpOnly ? null : await RefreshAsync().WaitAsync(cancel).ConfigureAwait(false);
    }

    /// <summary>The connections to a node; null when its address is not known.</summary>
    public NodeLinks? Links(ulong node) => _nodes.GetValueOrDefault(node);

    /// <summary>What is known may be out of date: ask again, in the background and not too often.</summary>
    public void Refresh()
    {
        if (Stopwatch.GetElapsedTime(Volatile.Read(ref _refreshed)) > Often)
        {
            _ = RefreshAsync().ContinueWith(static done => _ = done.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
        }
    }

    /// <summary>What the other nodes know, and this one, that is late, perhaps not; what is known already when none of them answers. Many may ask at a time: they share one question.</summary>
    public async ValueTask<RouteMap?> AskOthersAsync(ulong late)
    {
        Volatile.Write(ref _late, (long)late);
        if (Stopwatch.GetElapsedTime(Volatile.Read(ref _refreshed)) < Often)
        {
            return _map;
        }

        try
        {
            return await RefreshAsync().ConfigureAwait(false);
        }
        catch (RaftDbException)
        {
            // Nobody answers: whoever waits goes on waiting.
            return _map;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _timer.DisposeAsync().ConfigureAwait(false);
        await Task.WhenAll(_nodes.Values.Select(node => node.DisposeAsync().AsTask())).ConfigureAwait(false);
    }

    private Task<RouteMap?> RefreshAsync()
    {
        lock (_gate)
        {
            if (_refreshing is null or { IsCompleted: true })
            {
                Volatile.Write(ref _refreshed, Stopwatch.GetTimestamp());
                _refreshing = Task.Run(LearnAsync);
            }

            return _refreshing;
        }
    }

    private async Task<RouteMap?> LearnAsync()
    {
        // 1. Whoever is known is asked first, those who answer quickly before those who may not.
        RouteMap? learned = await AskAsync(_nodes.Values).ConfigureAwait(false);

        // 2. Else the given addresses say who there is.
        if (learned is null)
        {
            List<NodeLinks> found = await DiscoverAsync().ConfigureAwait(false);
            if (found.Count == 0)
            {
                if (!_isHttpOnly && _map is null)
                {
                    _isHttpOnly = true;
                    _options.Diagnostics?.Invoke("No node of the cluster serves RESP (start them with --resp): this client uses HTTP, which is slower and has no sessions.");
                }

                return _map;
            }

            learned = await AskAsync(found).ConfigureAwait(false)
                ?? throw new RaftDbException(RaftDbErrorCodes.Unavailable, $"The nodes answer over HTTP, and none of them over RESP ({string.Join(", ", found.Select(node => node.Address))}).");
        }

        _map = learned;
        Follow(learned);
        return learned;
    }

    private async Task<RouteMap?> AskAsync(IEnumerable<NodeLinks> nodes)
    {
        foreach (NodeLinks node in nodes.Where(node => node.IsUsable).OrderBy(Rank).ToArray())
        {
            try
            {
                RespLink link = await node.LinkAsync(forWrites: false, _options.ConnectTimeout, CancellationToken.None).ConfigureAwait(false);
                RespCall call = new(new RespRequest("RDB.ROUTES"u8, 0).Finish(), SilentWait);
                if (await link.ReserveAsync(SilentWait, CancellationToken.None).ConfigureAwait(false))
                {
                    link.Send(call);
                    RespValue answer = await call.Task.WaitAsync(SilentWait).ConfigureAwait(false);
                    if (answer.Kind != RespKind.Error)
                    {
                        return RouteMap.Read(answer, _map);
                    }
                }
            }
            catch (Exception failure) when (failure is ConnectionLostException or TimeoutException or UnexpectedAnswerException)
            {
                // Another one may know.
            }
        }

        return null;
    }

    /// <summary>Who told it last time tells it again; whoever owes an answer is asked last.</summary>
    private int Rank(NodeLinks node) => node.Node == (ulong)Volatile.Read(ref _late) ? 2 : node.Node == _map?.Node ? 0 : 1;

    private async Task<List<NodeLinks>> DiscoverAsync()
    {
        Answer answer = await _http.SendAsync(new RequestSpec(HttpMethod.Get, "/v1/nodes", null, Safety.Read), CancellationToken.None).ConfigureAwait(false);
        List<NodeLinks> found = [];
        foreach (NodeStatus node in RaftDbClient.Parse<NodeList>(answer).Items ?? [])
        {
            if (Address(node.Resp, node.Http) is { } address)
            {
                found.Add(LinksTo(node.Id, address));
            }
        }

        return found;
    }

    /// <summary>Nodes that are new or have moved are known from now on.</summary>
    private void Follow(RouteMap map)
    {
        foreach (NodeRoute node in map.Nodes)
        {
            if (Address(node.Resp, node.Http) is { } address)
            {
                LinksTo(node.Id, address);
            }
        }
    }

    private NodeLinks LinksTo(ulong node, Endpoint address)
    {
        NodeLinks links = _nodes.GetOrAdd(node, id => new NodeLinks(id, address, _options));
        if (links.Address == address)
        {
            return links;
        }

        NodeLinks moved = new(node, address, _options);
        _nodes[node] = moved;
        _ = links.DisposeAsync().AsTask();
        return moved;
    }

    /// <summary>A node that listens on all addresses is reached where its HTTP is.</summary>
    private Endpoint? Address(string? resp, string? http)
    {
        if (string.IsNullOrEmpty(resp) || !Endpoint.TryParse(resp, out Endpoint address))
        {
            return null;
        }

        if (!IsAny(address.Host))
        {
            return address;
        }

        string host = http is not null && Endpoint.TryParse(http, out Endpoint web) && !IsAny(web.Host) ? web.Host : _http.First.Host;
        return address with { Host = host };
    }

    private static bool IsAny(string host) => host is "0.0.0.0" or "::" or "*";

    private void Check()
    {
        foreach (NodeLinks node in _nodes.Values)
        {
            node.Check();
        }
    }
}
