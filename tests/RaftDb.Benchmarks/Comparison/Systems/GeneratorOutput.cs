using System.Text.Json;

namespace RaftDb.Benchmarks.Comparison.Systems;

/// <summary>What `raftdb bench --json` and etcd-load print in the end.</summary>
internal static class GeneratorOutput
{
    public static LoadFigures Read(string output, double warmUpSeconds)
    {
        int begin = output.IndexOf('{', StringComparison.Ordinal);
        if (begin < 0)
        {
            throw new ComparisonException($"The load generator gave no figures: {output.Trim()}");
        }

        using JsonDocument document = JsonDocument.Parse(output.AsMemory(begin));
        JsonElement root = document.RootElement;
        double perSecond = root.GetProperty("ops_per_second").GetDouble();
        return new()
        {
            OpsPerSecond = perSecond,
            Driven = root.GetProperty("ops").GetInt64() + (perSecond * warmUpSeconds),
            Errors = root.GetProperty("errors").GetInt64(),
            P50Ms = root.GetProperty("p50_ms").GetDouble(),
            P99Ms = root.GetProperty("p99_ms").GetDouble(),
            P999Ms = root.GetProperty("p999_ms").GetDouble(),
            LongestGapMs = root.TryGetProperty("longest_gap_ms", out JsonElement gap) ? gap.GetDouble() : null,
        };
    }
}
