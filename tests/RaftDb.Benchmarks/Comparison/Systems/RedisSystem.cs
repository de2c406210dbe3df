using RaftDb.Benchmarks.Comparison.Processes;

namespace RaftDb.Benchmarks.Comparison.Systems;

/// <summary>One Redis server that syncs its file before it answers: what a single process costs, with nobody to agree with.</summary>
internal sealed class RedisSystem : ISystem
{
    private ServerProcess? _server;
    private int _port;

    public string Name => "Redis, one node";

    public IReadOnlyList<int> Pids => _server is { Runs: true } server ? [server.Pid] : [];

    public Task<string?> MissingAsync(CancellationToken cancel) => Task.FromResult(
        Tool.Find("redis-server") is null || RedisBenchmark.Program is null ? "redis-server and redis-benchmark (Debian: redis-server)" : null);

    public async Task<string> VersionAsync(CancellationToken cancel) =>
        $"{(await Tool.RunAsync("redis-server", ["--version"], cancel)).Split(" sha")[0].Trim()}, appendonly yes, appendfsync always, one node; by way of redis-benchmark, a connection for each client; every read of a single node is linearizable";

    public async Task StartAsync(string directory, CancellationToken cancel)
    {
        _port = Ports.Free(1)[0];
        _server = new(
            Path.Combine(directory, "redis.out"),
            "redis-server",
            "--port", $"{_port}", "--bind", "127.0.0.1", "--dir", directory, "--appendonly", "yes", "--appendfsync", "always", "--save", "", "--maxclients", "4000");
        _server.Start();
        await Waiting.UntilAsync(
            "Redis",
            TimeSpan.FromSeconds(20),
            async () =>
            {
                try
                {
                    return (await Tool.RunAsync("redis-cli", ["-p", $"{_port}", "PING"], cancel)).Contains("PONG", StringComparison.Ordinal);
                }
                catch (ComparisonException)
                {
                    // It does not listen yet.
                    return false;
                }
            },
            cancel);
    }

    public bool Supports(Load load) => load.Kind is LoadKind.Put or LoadKind.Get or LoadKind.BoundedGet or LoadKind.Batch or LoadKind.PipelinedPut;

    public Task FillAsync(int keys, int valueSize, CancellationToken cancel) => Tool.RunAsync(
        "redis-cli",
        ["-p", $"{_port}", "EVAL", "for i=0,tonumber(ARGV[1])-1 do redis.call('SET', string.format('key:%012d', i), string.rep('x', tonumber(ARGV[2]))) end", "0", $"{keys}", $"{valueSize}"],
        cancel);

    public Task<LoadFigures> RunAsync(Load load, string variant, double seconds, double warmUpSeconds, CancellationToken cancel) => RedisBenchmark.RunAsync(_port, load, seconds, cancel);

    public async Task StopAsync(CancellationToken cancel)
    {
        if (_server is { } server)
        {
            await server.StopAsync(cancel);
        }

        Dispose();
    }

    public void Dispose()
    {
        _server?.Dispose();
        _server = null;
    }
}
