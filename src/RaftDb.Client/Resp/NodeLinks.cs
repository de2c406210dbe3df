using System.Diagnostics;
using Polly;
using Polly.CircuitBreaker;

namespace RaftDb.Client.Resp;

/// <summary>
/// The few connections to one node, made when they are needed: some for writes and others for reads, because a node answers a connection's commands in their order, and a
/// read should not wait for a disk. A circuit breaker keeps a node that can't be reached from being dialled by every call. Thread-safe.
/// </summary>
internal sealed class NodeLinks : IAsyncDisposable
{
    private readonly RaftDbClientOptions _options;
    private readonly Lock _gate = new();
    private readonly Lane[] _lanes;
    private readonly CircuitBreakerStateProvider _state = new();
    private readonly ResiliencePipeline _breaker;
    private readonly CancellationTokenSource _stop = new();
    private long _opened;

    public NodeLinks(ulong node, Endpoint address, RaftDbClientOptions options)
    {
        Node = node;
        Address = address;
        _options = options;
        _lanes = [.. Enumerable.Range(0, 2 * options.LinksPerNode).Select(_ => new Lane())];
        _breaker = new ResiliencePipelineBuilder()
            .AddCircuitBreaker(new CircuitBreakerStrategyOptions
            {
                ShouldHandle = new PredicateBuilder().Handle<ConnectionLostException>(),
                FailureRatio = options.CircuitFailureRatio,
                MinimumThroughput = options.CircuitMinimumThroughput,
                SamplingDuration = options.CircuitSampling,
                BreakDuration = options.CircuitBreak,
                StateProvider = _state,
                OnOpened = _ =>
                {
                    Volatile.Write(ref _opened, Stopwatch.GetTimestamp());
                    return ValueTask.CompletedTask;
                },
            })
            .Build();
    }

    public ulong Node { get; }

    public Endpoint Address { get; }

    /// <summary>Whether it makes sense to ask this node. A breaker stays open until somebody tries, so that one whose time is over counts as usable.</summary>
    public bool IsUsable => _state.CircuitState is not (CircuitState.Open or CircuitState.Isolated)
        || Stopwatch.GetElapsedTime(Volatile.Read(ref _opened)) >= _options.CircuitBreak
        || Best(0, _lanes.Length) is not null;

    /// <summary>A connection that is open, with the fewest commands under way; made when there is none. Throws <see cref="ConnectionLostException"/>.</summary>
    public async ValueTask<RespLink> LinkAsync(bool forWrites, TimeSpan within, CancellationToken cancel)
    {
        int first = forWrites ? 0 : _options.LinksPerNode;
        int end = first + _options.LinksPerNode;
        if (Best(first, end) is { } open)
        {
            if (open.InFlight > 0 && Closed(first, end) is { } spare)
            {
                // The next caller may have one of its own.
                Observe(DialAsync(spare));
            }

            return open;
        }

        try
        {
            return await DialAsync(_lanes[first]).WaitAsync(within, cancel).ConfigureAwait(false);
        }
        catch (TimeoutException late)
        {
            throw new ConnectionLostException($"{Address} could not be connected to in time", sent: false, late);
        }
    }

    /// <summary>Looks after connections that are silent.</summary>
    public void Check()
    {
        foreach (Lane lane in _lanes)
        {
            lane.Link?.Check(_options.IdlePing, _options.SilenceLimit);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        List<Task> ends = [];
        lock (_gate)
        {
            foreach (Lane lane in _lanes)
            {
                ends.Add(lane.Link?.DisposeAsync().AsTask() ?? Task.CompletedTask);
            }
        }

        await Task.WhenAll(ends).ConfigureAwait(false);
    }

    private static void Observe(Task task) =>
        task.ContinueWith(static done => _ = done.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);

    private RespLink? Best(int first, int end)
    {
        RespLink? best = null;
        for (int i = first; i < end; i++)
        {
            if (_lanes[i].Link is { IsOpen: true } link && (best is null || link.InFlight < best.InFlight))
            {
                best = link;
            }
        }

        return best;
    }

    private Lane? Closed(int first, int end)
    {
        for (int i = first; i < end; i++)
        {
            if (_lanes[i].Link is not { IsOpen: true })
            {
                return _lanes[i];
            }
        }

        return null;
    }

    /// <summary>Dials once, however many ask; whoever gives up waiting does not end it.</summary>
    private Task<RespLink> DialAsync(Lane lane)
    {
        lock (_gate)
        {
            if (lane.Link is { IsOpen: true } open)
            {
                return Task.FromResult(open);
            }

            if (lane.Dialling is null or { IsCompleted: true })
            {
                lane.Dialling = Task.Run(() => ConnectAsync(lane));
            }

            return lane.Dialling;
        }
    }

    private async Task<RespLink> ConnectAsync(Lane lane)
    {
        try
        {
            return await _breaker.ExecuteAsync(async stop =>
            {
                using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
                limit.CancelAfter(_options.ConnectTimeout);
                try
                {
                    RespLink link = await RespLink.ConnectAsync(Address, _options.MaxInFlightPerLink, _options.ContinueInline, limit.Token).ConfigureAwait(false);
                    lock (_gate)
                    {
                        lane.Link = link;
                    }

                    if (stop.IsCancellationRequested)
                    {
                        link.Close("the client was disposed of");
                    }

                    return link;
                }
                catch (OperationCanceledException late)
                {
                    throw new ConnectionLostException($"{Address} can't be reached (connecting took longer than {_options.ConnectTimeout.TotalSeconds:0.#} s)", sent: false, late);
                }
            }, _stop.Token).ConfigureAwait(false);
        }
        catch (BrokenCircuitException broken)
        {
            throw new ConnectionLostException($"{Address} keeps failing", sent: false, broken);
        }
    }

    /// <summary>A place for a connection.</summary>
    private sealed class Lane
    {
        public volatile RespLink? Link;

        public Task<RespLink>? Dialling { get; set; }
    }
}
