using System.Text.Json;

namespace RaftDb.Benchmarks.Comparison.Systems;

/// <summary>What `raftdb bench --json` and etcd-load print in the end.</summary>
internal static class GeneratorOutput
{
    public static LoadFigures Read(string output, double warmUpSeconds)
    {
        using JsonDocument document = JsonDocument.Parse(output.AsMemory(output.IndexOf('{', StringComparison.Ordinal)));
        JsonElement root = document.RootElement;
        return new()
        {
            OpsPerSecond = root.GetProperty("ops_per_second").GetDouble(),
            Driven = root.GetProperty("ops_per_second").GetDouble() * (root.GetProperty("seconds").GetDouble() + warmUpSeconds),
            Errors = root.GetProperty("errors").GetInt64(),
            P50Ms = root.GetProperty("p50_ms").GetDouble(),
            P99Ms = root.GetProperty("p99_ms").GetDouble(),
            P999Ms = root.GetProperty("p999_ms").GetDouble(),
            LongestGapMs = root.TryGetProperty("longest_gap_ms", out JsonElement gap) ? gap.GetDouble() : null,
        };
    }
}
