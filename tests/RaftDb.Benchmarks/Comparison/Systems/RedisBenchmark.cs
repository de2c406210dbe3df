using System.Globalization;
using RaftDb.Benchmarks.Comparison.Processes;

namespace RaftDb.Benchmarks.Comparison.Systems;

/// <summary>redis-benchmark against anything that speaks RESP. It runs for a number of requests, not for a time, and gives no p99.9.</summary>
internal static class RedisBenchmark
{
    /// <summary>Requests with which the rate is found out; they are the warm-up too.</summary>
    private const int Probe = 20_000;

    public static string? Program { get; } = Tool.Find("redis-benchmark");

    public static async Task<LoadFigures> RunAsync(int port, Load load, double seconds, CancellationToken cancel)
    {
        LoadFigures probe = await OnceAsync(port, load, Probe, cancel);
        LoadFigures figures = await OnceAsync(port, load, (int)Math.Clamp(probe.OpsPerSecond * seconds, Probe, 10_000_000), cancel);
        return figures with { Driven = figures.Driven + Probe };
    }

    private static async Task<LoadFigures> OnceAsync(int port, Load load, int requests, CancellationToken cancel)
    {
        string test = load.Kind is LoadKind.Get or LoadKind.BoundedGet ? "get" : "set";
        int depth = load.Kind == LoadKind.PipelinedPut ? Load.PipelineDepth : 1;
        string output = await Tool.RunAsync(
            Program ?? throw new ComparisonException("redis-benchmark is not installed."),
            [
                "-p", $"{port}", "-t", test, "-n", $"{requests}", "-c", $"{load.Clients}", "-P", $"{depth}", "-d", $"{load.ValueSize}", "-r", $"{load.Keys}", "--csv",
            ],
            cancel);

        // "test","rps","avg_latency_ms","min_latency_ms","p50_latency_ms","p95_latency_ms","p99_latency_ms","max_latency_ms"
        string line = output.Split('\n').FirstOrDefault(one => one.StartsWith($"\"{test.ToUpperInvariant()}\"", StringComparison.Ordinal))
            ?? throw new ComparisonException($"redis-benchmark said: {output}");
        double[] fields = [.. line.Split(',').Skip(1).Select(field => double.Parse(field.Trim('"'), CultureInfo.InvariantCulture))];
        return new() { OpsPerSecond = fields[0], Errors = 0, Driven = requests, P50Ms = fields[3], P99Ms = fields[5] };
    }
}
