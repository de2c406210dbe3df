using System.Text.Json;
using System.Text.Json.Serialization;

namespace RaftDb.Benchmarks.Comparison.Reports;

/// <summary>The result for programs: every round of every load.</summary>
internal static class JsonReport
{
    private static readonly JsonSerializerOptions Options = new()
    {
        WriteIndented = true,
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower) },
    };

    public static string Of(ComparisonResult result) => JsonSerializer.Serialize(
        new
        {
            result.Machine,
            result.Versions,
            result.Missing,
            result.Failed,
            Rounds = result.Settings.Rounds,
            result.Settings.Seconds,
            result.Settings.WarmUpSeconds,
            Loads = result.Loads.Select(one => new { one.System, one.Load.Name, one.Load.Kind, one.Load.Clients, one.Load.ValueSize, one.Load.Keys, one.Rounds, one.Failures }),
            result.Failures,
        },
        Options);
}
