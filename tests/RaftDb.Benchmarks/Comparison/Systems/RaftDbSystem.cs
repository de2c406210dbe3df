using System.Globalization;
using System.Text.Json;
using RaftDb.Benchmarks.Comparison.Processes;

namespace RaftDb.Benchmarks.Comparison.Systems;

/// <summary>Three nodes with default options; loads come from `raftdb bench`.</summary>
internal sealed class RaftDbSystem(string program) : IReplicatedSystem
{
    private const int Nodes = 3;
    private const string NoSessions = "no sessions";

    private readonly HttpClient _http = new() { Timeout = TimeSpan.FromSeconds(2) };
    private readonly List<ServerProcess> _nodes = [];
    private int[] _ports = [];

    public string Name => "RaftDb";

    public IReadOnlyList<int> Pids => [.. _nodes.Where(node => node.Runs).Select(node => node.Pid)];

    private string Servers => string.Join(',', Enumerable.Range(0, Nodes).Select(Http));

    public Task<string?> MissingAsync(CancellationToken cancel) =>
        Task.FromResult(File.Exists(program) ? null : $"{program} is not there: make it with scripts/publish");

    public async Task<string> VersionAsync(CancellationToken cancel) =>
        $"RaftDb {(await Tool.RunAsync(program, ["--version"], cancel)).Trim()}; default options; by way of `raftdb bench`, which is its .NET client over two RESP connections to a node; puts are done in sessions (exactly once, its default) "
        + "and without (at most once, which is what the others give); bounded reads are at most 500 ms old; fills are 8 writers with batches of 500 puts";

    public async Task StartAsync(string directory, CancellationToken cancel)
    {
        _ports = Ports.Free(3 * Nodes);
        string cluster = string.Join(',', Enumerable.Range(0, Nodes).Select(node => $"{node + 1}={Peer(node)}"));
        for (int node = 0; node < Nodes; node++)
        {
            string data = Path.Combine(directory, $"{node + 1}");
            ServerProcess server = new(
                $"{data}.out", program, "start", "--id", $"{node + 1}", "--data", data, "--http", Http(node), "--resp", Resp(node), "--peer", Peer(node), "--cluster", cluster);
            server.Start();
            _nodes.Add(server);
        }

        for (int node = 0; node < Nodes; node++)
        {
            await ReadyAsync(node, cancel);
        }
    }

    public bool Supports(Load load) => load.Kind != LoadKind.PipelinedPut || RedisBenchmark.Program is not null;

    public IReadOnlyList<string> Variants(Load load) => load.Kind is LoadKind.Put or LoadKind.Mixed or LoadKind.Batch ? ["", NoSessions] : [""];

    public Task FillAsync(int keys, int valueSize, CancellationToken cancel) =>
        Tool.RunAsync(program, ["bench", "fill", "--keys", Text(keys), "--value-size", Text(valueSize), "--server", Servers, "--json"], cancel);

    public async Task<LoadFigures> RunAsync(Load load, string variant, double seconds, double warmUpSeconds, CancellationToken cancel)
    {
        if (load.Kind == LoadKind.PipelinedPut)
        {
            return await RedisBenchmark.RunAsync(_ports[Nodes + await LeaderAsync(cancel)], load, seconds, cancel);
        }

        string[] workload = load.Kind switch
        {
            LoadKind.Put => ["write"],
            LoadKind.Get => ["read", "--no-load"],
            LoadKind.BoundedGet => ["read", "--no-load", "--consistency", "bounded", "--max-staleness", "500ms", "--replica", "any"],
            LoadKind.Mixed => ["mixed", "--no-load", "--read-share", "0.9"],
            LoadKind.Batch => ["batch", "--batch", Text(Load.BatchPuts)],
            LoadKind.Scan => ["scan", "--no-load", "--page", Text(Load.ScanKeys)],
            _ => throw new ComparisonException($"`raftdb bench` has no {load.Kind}."),
        };
        double warmUp = load.Operations is null ? Math.Ceiling(warmUpSeconds) : 0;
        string[] end = load.Operations is { } operations ? ["--operations", Text(operations)] : ["--seconds", Text(Math.Ceiling(seconds)), "--warm-up", Text(warmUp)];
        string[] sessions = variant == NoSessions ? ["--no-sessions"] : [];
        return GeneratorOutput.Read(
            await Tool.RunAsync(
            program,
            [
                "bench", .. workload, .. end, .. sessions, "--clients", Text(load.Clients), "--value-size", Text(load.ValueSize), "--keys", Text(load.Keys), "--server", Servers, "--json",
            ],
            cancel), warmUp);
    }

    public async Task<int> LeaderAsync(CancellationToken cancel)
    {
        for (int node = 0; node < Nodes; node++)
        {
            if (await StatusAsync(node, cancel) is { } status)
            {
                using (status)
                {
                    JsonElement leader = status.RootElement.GetProperty("ranges").EnumerateArray().Last().GetProperty("leader");
                    if (leader.ValueKind == JsonValueKind.Number)
                    {
                        return leader.GetInt32() - 1;
                    }
                }
            }
        }

        throw new ComparisonException("No node says who leads.");
    }

    public async Task<ulong?> AppliedAsync(int node, CancellationToken cancel)
    {
        using JsonDocument? status = await StatusAsync(node, cancel);
        if (status is null)
        {
            return null;
        }

        foreach (JsonElement replica in status.RootElement.GetProperty("ranges").EnumerateArray().Last().GetProperty("replicas").EnumerateArray())
        {
            if (replica.GetProperty("node").GetInt32() == node + 1 && replica.GetProperty("applied") is { ValueKind: JsonValueKind.Number } applied)
            {
                return applied.GetUInt64();
            }
        }

        return null;
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

    private string Http(int node) => $"127.0.0.1:{_ports[node]}";

    private string Resp(int node) => $"127.0.0.1:{_ports[Nodes + node]}";

    private string Peer(int node) => $"127.0.0.1:{_ports[(2 * Nodes) + node]}";

    private Task ReadyAsync(int node, CancellationToken cancel) => Waiting.UntilAsync(
        $"Readiness of RaftDb's node {node + 1}",
        TimeSpan.FromSeconds(60),
        async () =>
        {
            try
            {
                using HttpResponseMessage answer = await _http.GetAsync(new Uri($"http://{Http(node)}/readyz"), cancel);
                return answer.IsSuccessStatusCode;
            }
            catch (Exception failure) when (failure is HttpRequestException or TaskCanceledException && !cancel.IsCancellationRequested)
            {
                // It does not listen yet.
                return false;
            }
        },
        cancel);

    private async Task<JsonDocument?> StatusAsync(int node, CancellationToken cancel)
    {
        try
        {
            return JsonDocument.Parse(await _http.GetByteArrayAsync(new Uri($"http://{Http(node)}/v1/status"), cancel));
        }
        catch (Exception failure) when (failure is HttpRequestException or TaskCanceledException && !cancel.IsCancellationRequested)
        {
            return null;
        }
    }
}
