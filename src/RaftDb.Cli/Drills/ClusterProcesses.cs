using RaftDb.Cli.Drills.Faults;
using RaftDb.Client;

namespace RaftDb.Cli.Drills;

/// <summary>A cluster of real node processes on free loopback ports. Disposing ends every process it started, by pid.</summary>
internal sealed class ClusterProcesses : IAsyncDisposable
{
    /// <summary>A clean stop hands leaderships over and ends requests, each for some seconds; longer where links are cut meanwhile.</summary>
    private static readonly TimeSpan ExitLimit = TimeSpan.FromSeconds(60);

    private readonly IReadOnlyList<string> _splitKeys;
    private readonly IReadOnlyList<string> _settings;
    private readonly string _directory;
    private readonly bool _temporary;
    private readonly Stack<Action> _atTheEnd = [];
    private readonly HttpClient _ready = new() { Timeout = TimeSpan.FromSeconds(2) };

    public ClusterProcesses(DrillSettings settings, IEnumerable<string> extraSettings)
    {
        _splitKeys = DrillKeys.SplitKeys(settings.Writers, settings.Ranges);
        _settings = [.. extraSettings, .. settings.Set];
        _temporary = settings.Data is null;
        _directory = settings.Data is { } data ? Directory.CreateDirectory(data).FullName : Directory.CreateTempSubdirectory("raftdb-drill-").FullName;
        if (Directory.EnumerateFileSystemEntries(_directory).Any())
        {
            throw new RefusedException($"--data: '{_directory}' is not empty. A drill begins with an empty cluster; name another directory.");
        }

        int[] ports = LoopbackPorts.Free(settings.Nodes * 3);
        Nodes = [.. Enumerable.Range(0, settings.Nodes).Select(i => new NodeProcess(
            (ulong)i + 1,
            new("127.0.0.1", ports[3 * i]),
            new("127.0.0.1", ports[(3 * i) + 1]),
            new("127.0.0.1", ports[(3 * i) + 2]),
            Path.Combine(_directory, $"node{i + 1}")))];
        Keep = !_temporary;
    }

    public IReadOnlyList<NodeProcess> Nodes { get; }

    /// <summary>Where the nodes' data and diagnostics are.</summary>
    public string Location => _directory;

    /// <summary>Whether the data stays: when something went wrong there is something to look at.</summary>
    public bool Keep { get; set; }

    /// <summary>The network between the nodes, once <see cref="ConnectThroughLinks"/> was called.</summary>
    public ClusterLinks? Links { get; private set; }

    public IReadOnlyList<Endpoint> HttpEndpoints => [.. Nodes.Select(node => node.Http)];

    public NodeProcess this[ulong id] => Nodes[(int)id - 1];

    public void StartAll()
    {
        foreach (NodeProcess node in Nodes)
        {
            Start(node);
        }
    }

    public void Start(NodeProcess node)
    {
        Links?.ComesUp(node);
        node.Start(Links?.ClusterFor(node) ?? string.Join(',', Nodes.Select(one => $"{one.Id}={one.Peer}")), _splitKeys, _settings);
    }

    /// <summary>
    /// From their next start on the nodes reach each other through proxies. The first start must be without: all nodes have to be told the
    /// same --cluster then, and a proxy belongs to one dialling node.
    /// </summary>
    public void ConnectThroughLinks() => Links = new(Nodes);

    /// <summary>Something to undo when all nodes have ended, whatever happens; the last first.</summary>
    public void AtTheEnd(Action undo) => _atTheEnd.Push(undo);

    public async Task ReadyAsync(IEnumerable<NodeProcess> nodes, TimeSpan within, CancellationToken cancel)
    {
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(within);
        string why = "";
        foreach (NodeProcess node in nodes)
        {
            try
            {
                while (true)
                {
                    node.MustRun();
                    (bool ready, string text) = await IsReadyAsync(node, limit.Token);
                    if (ready)
                    {
                        break;
                    }

                    why = text;
                    await Task.Delay(10, limit.Token);
                }
            }
            catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
            {
                throw new RefusedException($"Node {node.Id} was not ready within {within.TotalSeconds:0} s: {why}");
            }
        }
    }

    public async Task KillAsync(NodeProcess node, CancellationToken cancel)
    {
        Links?.GoesDown(node);
        node.Signal(Signals.Kill);
        await node.ExitAsync(ExitLimit, cancel);
    }

    public async Task StopAsync(NodeProcess node, CancellationToken cancel)
    {
        Links?.GoesDown(node);
        node.Signal(Signals.Terminate);
        await node.ExitAsync(ExitLimit, cancel);
    }

    /// <summary>All at once, cleanly.</summary>
    public async Task StopAllAsync(CancellationToken cancel)
    {
        foreach (NodeProcess node in Nodes)
        {
            node.Signal(Signals.Terminate);
        }

        foreach (NodeProcess node in Nodes)
        {
            await node.ExitAsync(ExitLimit, cancel);
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (NodeProcess node in Nodes)
        {
            node.Dispose();
        }

        if (Links is { } links)
        {
            await links.DisposeAsync();
        }

        _ready.Dispose();
        while (_atTheEnd.TryPop(out Action? undo))
        {
            undo();
        }

        if (!Keep && _temporary)
        {
            Directory.Delete(_directory, recursive: true);
        }
    }

    private async Task<(bool Ready, string Why)> IsReadyAsync(NodeProcess node, CancellationToken cancel)
    {
        try
        {
            using HttpResponseMessage response = await _ready.GetAsync($"http://{node.Http}/readyz", cancel);
            return (response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync(cancel));
        }
        catch (HttpRequestException failure)
        {
            return (false, failure.Message);
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            return (false, "it does not answer");
        }
    }
}
