using System.Text.Json;
using RaftDb.Cli.Drills;

namespace RaftDb.ClusterTests;

/// <summary>Node processes with one range of three replicas, whose files a test may touch while a node is stopped.</summary>
internal sealed class NodeCluster(string directory, int count = 3, params string[] settings) : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly int[] _ports = LoopbackPorts.Free(3 * count);
    private readonly Raftdb?[] _nodes = new Raftdb?[count];
    private readonly HttpClient _http = new() { Timeout = TimeSpan.FromSeconds(10) };

    public string Server(int node) => $"127.0.0.1:{_ports[3 * (node - 1)]}";

    public int RespPort(int node) => _ports[(3 * (node - 1)) + 1];

    public string Data(int node) => Path.Combine(directory, $"node{node}");

    public void Start(int node)
    {
        int first = 3 * (node - 1);
        string cluster = string.Join(',', Enumerable.Range(1, count).Select(i => $"{i}=127.0.0.1:{_ports[(3 * (i - 1)) + 2]}"));
        _nodes[node - 1]?.Dispose();
        _nodes[node - 1] = Raftdb.Start(
            ["start", "--id", $"{node}", "--data", Data(node), "--http", Server(node), "--resp", $"127.0.0.1:{_ports[first + 1]}", "--peer", $"127.0.0.1:{_ports[first + 2]}",
            "--cluster", cluster, .. settings.SelectMany(setting => (string[])["--set", setting])]);
    }

    public async Task StartAllAsync()
    {
        for (int node = 1; node <= count; node++)
        {
            Start(node);
        }

        for (int node = 1; node <= count; node++)
        {
            await ReadyAsync(node);
        }
    }

    public Task ReadyAsync(int node) => _nodes[node - 1]!.SaysAsync("is ready");

    public async Task StopAsync(int node)
    {
        await _nodes[node - 1]!.TerminateAsync();
        Assert.That(await _nodes[node - 1]!.ExitAsync(), Is.Zero, Output(node));
    }

    /// <summary>Kills a node's process (SIGKILL).</summary>
    public void Kill(int node)
    {
        _nodes[node - 1]!.Dispose();
        _nodes[node - 1] = null;
    }

    /// <summary>The node that leads a range, as some other node sees it.</summary>
    public async Task<int> LeaderAsync(ulong range)
    {
        using CancellationTokenSource patience = new(Patience);
        for (int ask = 0; ; ask++)
        {
            try
            {
                string ranges = await _http.GetStringAsync(new Uri($"http://{Server(1 + (ask % count))}/v1/ranges"), patience.Token);
                JsonElement leader = JsonDocument.Parse(ranges).RootElement.GetProperty("items").EnumerateArray()
                    .Single(r => r.GetProperty("id").GetUInt64() == range).GetProperty("leader");
                if (leader.ValueKind == JsonValueKind.Number)
                {
                    return leader.GetInt32();
                }
            }
            catch (HttpRequestException)
            {
                // That one is down; another one knows.
            }

            await Task.Delay(20, patience.Token);
        }
    }

    public async Task PutAsync(string key, string value)
    {
        (int exitCode, _, string error) = await Raftdb.RunAsync("put", key, value, "--ack", "all", "--server", Server(1));
        Assert.That(exitCode, Is.Zero, error);
    }

    /// <summary>Many keys in one request.</summary>
    public async Task PutManyAsync(int keys)
    {
        object[] operations = [.. Enumerable.Range(0, keys).Select(i => new { put = new { key = $"key-{i:0000}", value = $"the value of key {i}" } })];
        using HttpResponseMessage answer = await _http.PostAsync(
            new Uri($"http://{Server(1)}/v1/batch?ack=all"), new StringContent(JsonSerializer.Serialize(new { ops = operations }), System.Text.Encoding.UTF8, "application/json"));
        Assert.That(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
    }

    /// <summary>What `raftdb check` prints, and its exit code.</summary>
    public static async Task<(int ExitCode, JsonElement Check)> CheckAsync(string server)
    {
        (int exitCode, string output, string error) = await Raftdb.RunAsync("check", "--json", "--server", server);
        Assert.That(output, Is.Not.Empty, error);
        return (exitCode, JsonDocument.Parse(output).RootElement);
    }

    /// <summary>Waits until a range has three voters that have everything, and on the node one with a higher id than before; answers that id.</summary>
    public async Task<ulong> RebuiltAsync(ulong range, int node, ulong after)
    {
        using CancellationTokenSource patience = new(Patience);
        string last = "";
        while (true)
        {
            try
            {
                last = await _http.GetStringAsync(new Uri($"http://{Server(node == 1 ? 3 : 1)}/v1/ranges"), patience.Token);
                JsonElement[] replicas = [.. JsonDocument.Parse(last).RootElement.GetProperty("items").EnumerateArray()
                    .Single(r => r.GetProperty("id").GetUInt64() == range).GetProperty("replicas").EnumerateArray()];
                bool whole = replicas.Length == 3 && replicas.All(r => r.GetProperty("role").GetString() is "leader" or "follower" && r.GetProperty("lag") is { ValueKind: JsonValueKind.Number } lag && lag.GetUInt64() == 0);
                ulong there = replicas.Where(r => r.GetProperty("node").GetUInt64() == (ulong)node).Select(r => r.GetProperty("replica").GetUInt64()).SingleOrDefault();
                if (whole && there > after)
                {
                    return there;
                }

                await Task.Delay(100, patience.Token);
            }
            catch (OperationCanceledException) when (patience.IsCancellationRequested)
            {
                Assert.Fail($"Range {range} was not rebuilt on node {node}: {last}\n{Output(node)}");
            }
            catch (HttpRequestException e)
            {
                last = e.Message;
                await Task.Delay(100, CancellationToken.None);
            }
        }
    }

    /// <summary>The id of a range's replica on a node.</summary>
    public async Task<ulong> ReplicaOnAsync(ulong range, int node) => await RebuiltAsync(range, node, after: 0);

    public string Output(int node) => $"{_nodes[node - 1]?.Out}\n{_nodes[node - 1]?.Error}";

    public void Dispose()
    {
        foreach (Raftdb? node in _nodes)
        {
            node?.Dispose();
        }

        _http.Dispose();
    }
}
