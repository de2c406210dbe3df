using System.Runtime.CompilerServices;
using System.Threading.Channels;
using RaftDb.Client.Data;
using RaftDb.Client.Protocol;
using RaftDb.Client.Routing;

namespace RaftDb.Client.Watches;

/// <summary>Watches: one stream where a node has all ranges, else one for each range, put together into one sequence with one token.</summary>
internal sealed class Watcher : IDisposable
{
    private const int Ahead = 256;

    private readonly IReadOnlyList<Endpoint> _endpoints;
    private readonly RaftDbClientOptions _options;
    private readonly RouteCache? _routes;
    private readonly SocketsHttpHandler _handler;
    private readonly HttpMessageInvoker _http;

    public Watcher(IReadOnlyList<Endpoint> endpoints, RaftDbClientOptions options, RouteCache? routes)
    {
        _endpoints = endpoints;
        _options = options;
        _routes = routes;
        _handler = new SocketsHttpHandler { ConnectTimeout = options.ConnectTimeout, AllowAutoRedirect = false, UseCookies = false, UseProxy = false };
        _http = new HttpMessageInvoker(_handler);
    }

    public async IAsyncEnumerable<WatchEvent> RunAsync(WatchOptions watch, [EnumeratorCancellation] CancellationToken cancel)
    {
        RouteMap? map = _routes is null ? null : await _routes.GetAsync(cancel).ConfigureAwait(false);
        IReadOnlyList<WatchSection> sections = Sections(watch, map);
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        Channel<WatchLine> told = Channel.CreateBounded<WatchLine>(new BoundedChannelOptions(Ahead) { SingleReader = true });
        string from = watch.From ?? "";
        Task[] running = [.. sections.Select(section => RunAsync(section, from, told.Writer, stop.Token))];
        try
        {
            // 1. A token must name all ranges: one that is missing would begin anew where it is used.
            WatchPositions positions = new(from);
            foreach (WatchSection section in sections)
            {
                positions.Take(await StartedAsync(section, told.Reader.Completion, cancel).ConfigureAwait(false));
            }

            // 2. Whatever comes, in the order in which it comes; of one range that is the order of its log.
            await foreach (WatchLine line in told.Reader.ReadAllAsync(cancel).ConfigureAwait(false))
            {
                positions.Take(line.Token);
                if (line.Event is { } change)
                {
                    yield return change with { Token = positions.Text };
                }
            }
        }
        finally
        {
            await stop.CancelAsync().ConfigureAwait(false);
            await Task.WhenAll(running).ConfigureAwait(false);
        }
    }

    public void Dispose()
    {
        _http.Dispose();
        _handler.Dispose();
    }

    /// <summary>What ends a section ends the whole watch, with the same reason.</summary>
    private static async Task RunAsync(WatchSection section, string from, ChannelWriter<WatchLine> told, CancellationToken stop)
    {
        try
        {
            await section.RunAsync(from, told, stop).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            told.TryComplete();
        }
        catch (Exception failure)
        {
            told.TryComplete(failure);
        }
    }

    private async Task<string> StartedAsync(WatchSection section, Task ended, CancellationToken cancel)
    {
        try
        {
            await Task.WhenAny(section.Started, ended).WaitAsync(_options.Timeout, cancel).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            throw section.LastFailure;
        }

        if (!section.Started.IsCompleted)
        {
            await ended.ConfigureAwait(false);
        }

        return await section.Started.ConfigureAwait(false);
    }

    private IReadOnlyList<WatchSection> Sections(WatchOptions watch, RouteMap? map)
    {
        (ReadOnlyMemory<byte> start, ReadOnlyMemory<byte>? end) = KeyBounds.Of(watch.Prefix, watch.Start, watch.End);
        if (map is null)
        {
            return [new(_http, _options, _endpoints, start, end)];
        }

        RangeRoute[] ranges = [.. map.Ranges.Where(range => (range.End is null || range.End.AsSpan().SequenceCompareTo(start.Span) > 0)
            && (end is not { } bound || range.Start.AsSpan().SequenceCompareTo(bound.Span) < 0))];
        ulong[] everywhere = [.. map.Nodes.Select(node => node.Id).Where(node => ranges.All(range => range.Replicas.Contains(node)))];
        return Addresses(map, everywhere) is { Count: > 0 } all
            ? [new(_http, _options, all, start, end)]
            : [.. ranges.Select(range => new WatchSection(_http, _options, OrGiven(Addresses(map, range.Replicas)), Later(start, range.Start), Earlier(end, range.End)))];
    }

    private IReadOnlyList<Endpoint> OrGiven(List<Endpoint> addresses) => addresses.Count > 0 ? addresses : _endpoints;

    private static ReadOnlyMemory<byte> Later(ReadOnlyMemory<byte> a, byte[] b) => a.Span.SequenceCompareTo(b) >= 0 ? a : b;

    private static ReadOnlyMemory<byte>? Earlier(ReadOnlyMemory<byte>? a, byte[]? b) =>
        b is null ? a : a is { } bound && bound.Span.SequenceCompareTo(b) <= 0 ? bound : (ReadOnlyMemory<byte>)b;

    private static List<Endpoint> Addresses(RouteMap map, IReadOnlyList<ulong> nodes)
    {
        List<Endpoint> addresses = [];
        foreach (NodeRoute node in map.Nodes)
        {
            if (nodes.Contains(node.Id) && node.Http is { } http && Endpoint.TryParse(http, out Endpoint address))
            {
                addresses.Add(address);
            }
        }

        return addresses;
    }
}
