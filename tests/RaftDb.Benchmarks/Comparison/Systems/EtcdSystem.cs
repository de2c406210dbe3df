using System.Globalization;
using System.Text.Json;
using RaftDb.Benchmarks.Comparison.Processes;

namespace RaftDb.Benchmarks.Comparison.Systems;

/// <summary>Three etcd members; loads come from scripts/bench/etcd-load, which asks the leader alone.</summary>
/// <param name="source">The directory of the load generator's source.</param>
/// <param name="build">Where it is built.</param>
internal sealed class EtcdSystem(string source, string build) : IReplicatedSystem
{
    private const int Nodes = 3;

    /// <summary>Where Debian puts the sources of Go libraries.</summary>
    private const string DebianGoPath = "/usr/share/gocode";

    private readonly List<ServerProcess> _nodes = [];
    private int[] _ports = [];

    public string Name => "etcd";

    public IReadOnlyList<int> Pids => [.. _nodes.Where(node => node.Runs).Select(node => node.Pid)];

    private string Generator => Path.Combine(build, "etcd-load");

    private string Endpoints => string.Join(',', Enumerable.Range(0, Nodes).Select(Client));

    public async Task<string?> MissingAsync(CancellationToken cancel)
    {
        if (Tool.Find("etcd") is null)
        {
            return "etcd (Debian: etcd-server)";
        }

        if (Tool.Find("go") is null || !Directory.Exists($"{DebianGoPath}/src/go.etcd.io/etcd/clientv3"))
        {
            return "Go and etcd's client library for the load generator (Debian: golang-go golang-etcd-server-dev)";
        }

        Directory.CreateDirectory(build);
        await Tool.RunAsync(
            "env",
            ["GO111MODULE=off", $"GOPATH={DebianGoPath}", $"GOCACHE={Path.Combine(build, "go-cache")}", "go", "build", "-o", Generator, "."],
            cancel,
            source);
        return null;
    }

    public async Task<string> VersionAsync(CancellationToken cancel) =>
        $"{(await Tool.RunAsync("etcd", ["--version"], cancel)).Split('\n')[0].Trim()}; default options; by way of a generator on its Go client (scripts/bench/etcd-load) that asks the leader, ten clients on a connection; bounded reads are its serializable ones, of any age; fills are 4 writers with transactions of 100 puts";

    public async Task StartAsync(string directory, CancellationToken cancel)
    {
        _ports = Ports.Free(2 * Nodes);
        string cluster = string.Join(',', Enumerable.Range(0, Nodes).Select(node => $"n{node}=http://{Peer(node)}"));
        for (int node = 0; node < Nodes; node++)
        {
            ServerProcess server = new(
                Path.Combine(directory, $"{node}.out"),
                "etcd",
                "--name", $"n{node}", "--data-dir", Path.Combine(directory, $"{node}"), "--listen-client-urls", $"http://{Client(node)}",
                "--advertise-client-urls", $"http://{Client(node)}", "--listen-peer-urls", $"http://{Peer(node)}", "--initial-advertise-peer-urls", $"http://{Peer(node)}",
                "--initial-cluster", cluster, "--initial-cluster-state", "new", "--log-level", "error", "--quota-backend-bytes", "8589934592");
            server.Start();
            _nodes.Add(server);
        }

        await Waiting.UntilAsync("etcd's leader", TimeSpan.FromSeconds(30), async () => await TryLeaderAsync(cancel) is not null, cancel);
    }

    public bool Supports(Load load) => load.Kind is not LoadKind.PipelinedPut;

    public Task FillAsync(int keys, int valueSize, CancellationToken cancel) => LoadAsync(["-load", "fill", "-clients", "4", "-keys", $"{keys}", "-value-size", $"{valueSize}"], cancel);

    public async Task<LoadFigures> RunAsync(Load load, string variant, double seconds, double warmUpSeconds, CancellationToken cancel)
    {
        string[] kind = load.Kind switch
        {
            LoadKind.Put => ["put"],
            LoadKind.Get => ["get"],
            LoadKind.BoundedGet => ["get", "-serializable"],
            LoadKind.Mixed => ["mixed", "-read-share", "0.9"],
            LoadKind.Batch => ["batch", "-batch", $"{Load.BatchPuts}"],
            LoadKind.Scan => ["scan", "-batch", $"{Load.ScanKeys}"],
            _ => throw new ComparisonException($"etcd has no {load.Kind}."),
        };
        return GeneratorOutput.Read(
            await LoadAsync(
            [
                "-load", .. kind, "-clients", $"{load.Clients}", "-seconds", Text(seconds), "-warm-up", Text(warmUpSeconds), "-value-size", $"{load.ValueSize}", "-keys", $"{load.Keys}",
                "-operations", $"{load.Operations ?? 0}", $"-all-endpoints={(load.KnowsAllNodes ? "true" : "false")}",
            ],
            cancel), warmUpSeconds);
    }

    public async Task<int> LeaderAsync(CancellationToken cancel) => await TryLeaderAsync(cancel) ?? throw new ComparisonException("etcd has no leader.");

    public async Task<ulong?> AppliedAsync(int node, CancellationToken cancel)
    {
        using JsonDocument status = await StatusAsync(Client(node), cancel);
        return status.RootElement.GetProperty("applied").TryGetProperty(Client(node), out JsonElement applied) ? applied.GetUInt64() : null;
    }

    public void Kill(int node) => _nodes[node].Kill();

    public void Restart(int node) => _nodes[node].Start();

    public async Task StopAsync(CancellationToken cancel)
    {
        await Task.WhenAll(_nodes.Select(node => node.StopAsync(cancel)));
        Dispose();
    }

    public void Dispose()
    {
        _nodes.ForEach(static node => node.Dispose());
        _nodes.Clear();
    }

    private static string Text(double number) => number.ToString(CultureInfo.InvariantCulture);

    private string Client(int node) => $"127.0.0.1:{_ports[node]}";

    private string Peer(int node) => $"127.0.0.1:{_ports[Nodes + node]}";

    private Task<string> LoadAsync(IEnumerable<string> arguments, CancellationToken cancel) => Tool.RunAsync(Generator, ["-endpoints", Endpoints, .. arguments], cancel);

    private async Task<JsonDocument> StatusAsync(string endpoints, CancellationToken cancel) =>
        JsonDocument.Parse(await Tool.RunAsync(Generator, ["-endpoints", endpoints, "-load", "status"], cancel));

    private async Task<int?> TryLeaderAsync(CancellationToken cancel)
    {
        using JsonDocument status = await StatusAsync(Endpoints, cancel);
        string leader = status.RootElement.GetProperty("leader").GetString() ?? "";
        int node = Array.FindIndex([.. Enumerable.Range(0, Nodes)], one => Client(one) == leader);
        return node < 0 ? null : node;
    }
}
