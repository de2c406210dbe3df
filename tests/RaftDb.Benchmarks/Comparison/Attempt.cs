using System.ComponentModel;
using System.Text.Json;
using RaftDb.Benchmarks.Comparison.Processes;

namespace RaftDb.Benchmarks.Comparison;

/// <summary>The edge at which a measurement that fails becomes a line of the report instead of the end of the whole comparison.</summary>
internal static class Attempt
{
    /// <summary>Null when it went well; else what went wrong, in one line.</summary>
    public static async Task<string?> RunAsync(Func<Task> measure, CancellationToken cancel)
    {
        try
        {
            await measure();
            return null;
        }
        catch (Exception failure) when (!cancel.IsCancellationRequested && IsExpected(failure))
        {
            string line = failure.Message.ReplaceLineEndings(" ").Trim();
            return line.Length > Tool.MostSaid ? line[..Tool.MostSaid] + "…" : line;
        }
    }

    private static bool IsExpected(Exception failure) =>
        failure is ComparisonException or JsonException or KeyNotFoundException or FormatException or IOException or HttpRequestException or Win32Exception or InvalidOperationException;
}
