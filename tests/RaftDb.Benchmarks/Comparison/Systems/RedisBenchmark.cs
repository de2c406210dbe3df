using System.Globalization;
using RaftDb.Benchmarks.Comparison.Processes;

namespace RaftDb.Benchmarks.Comparison.Systems;

/// <summary>redis-benchmark against anything that speaks RESP. It runs for a number of requests, not for a time, and gives no p99.9.</summary>
internal static class RedisBenchmark
{
    /// <summary>Operations with which the rate is found out; they are the warm-up too.</summary>
    private static readonly (int Least, int ForEachClient, int Most) Probe = (2_000, 400, 20_000);

    public static string? Program { get; } = Tool.Find("redis-benchmark");

    public static async Task<LoadFigures> RunAsync(int port, Load load, double seconds, CancellationToken cancel)
    {
        int probe = Math.Clamp(load.Clients * Probe.ForEachClient, Probe.Least, Probe.Most) / load.OperationsPerRequest;
        LoadFigures first = await OnceAsync(port, load, probe, cancel);
        int requests = (int)Math.Clamp(first.OpsPerSecond / load.OperationsPerRequest * seconds, probe, 10_000_000);
        LoadFigures figures = await OnceAsync(port, load, requests, cancel);
        return figures with { Driven = figures.Driven + first.Driven };
    }

    private static async Task<LoadFigures> OnceAsync(int port, Load load, int requests, CancellationToken cancel)
    {
        int depth = load.Kind == LoadKind.PipelinedPut ? Load.PipelineDepth : 1;
        string[] test = load.Kind switch
        {
            LoadKind.Get or LoadKind.BoundedGet => ["-t", "get"],
            LoadKind.Batch => ["MSET", .. Enumerable.Range(0, Load.BatchPuts).SelectMany(_ => (string[])["key:__rand_int__", new('x', load.ValueSize)])],
            _ => ["-t", "set"],
        };
        string output = await Tool.RunAsync(
            Program ?? throw new ComparisonException("redis-benchmark is not installed."),
            ["-p", $"{port}", "-n", $"{requests}", "-c", $"{load.Clients}", "-P", $"{depth}", "-d", $"{load.ValueSize}", "-r", $"{load.Keys}", "--csv", .. test],
            cancel);

        // "test","rps","avg_latency_ms","min_latency_ms","p50_latency_ms","p95_latency_ms","p99_latency_ms","max_latency_ms": last is the test that was asked for.
        string line = output.Split('\n', StringSplitOptions.RemoveEmptyEntries).LastOrDefault(one => one.StartsWith('"') && !one.StartsWith("\"test\"", StringComparison.Ordinal))
            ?? throw new ComparisonException($"redis-benchmark said: {output}");
        double[] fields = [.. line.Split(',').Skip(1).Select(field => double.Parse(field.Trim('"'), CultureInfo.InvariantCulture))];
        return new() { OpsPerSecond = fields[0] * load.OperationsPerRequest, Errors = 0, Driven = (double)requests * load.OperationsPerRequest, P50Ms = fields[3], P99Ms = fields[5] };
    }
}
