using System.Globalization;
using System.Text;

namespace RaftDb.Benchmarks.Comparison.Reports;

/// <summary>The result for people: Markdown, so that it can go into documents as it is.</summary>
internal static class TextTable
{
    public static string Of(ComparisonResult result)
    {
        StringBuilder text = new();
        Head(text, result);
        Loads(text, result);
        Failures(text, result);
        IReadOnlyList<(string What, string Bound, string Goal, string Sessions, string NoSessions)> ratios = Ratios.Of(result);
        if (ratios.Count > 0)
        {
            text.AppendLine();
            text.AppendLine("| RaftDb against | Bound | Goal | RaftDb | RaftDb, no sessions |");
            text.AppendLine("|---|---|---|---|---|");
            foreach ((string what, string bound, string goal, string sessions, string noSessions) in ratios)
            {
                text.AppendLine(CultureInfo.InvariantCulture, $"| {what} | {bound} | {goal} | {sessions} | {noSessions} |");
            }
        }

        if (result.Failed.Count > 0)
        {
            text.AppendLine();
            text.AppendLine("Not measured, for these reasons:");
            text.AppendLine();
            foreach (string failed in result.Failed)
            {
                text.AppendLine(CultureInfo.InvariantCulture, $"- {failed}");
            }
        }

        return text.ToString();
    }

    private static void Head(StringBuilder text, ComparisonResult result)
    {
        MachineDescription machine = result.Machine;
        ComparisonSettings settings = result.Settings;
        text.AppendLine(CultureInfo.InvariantCulture, $"{machine.Processor}, {machine.Processors} processors, {machine.MemoryGiB} GiB, {machine.Kernel}, {machine.FileSystem}, {machine.Runtime};");
        text.AppendLine(CultureInfo.InvariantCulture, $"commit {machine.Commit}, {machine.When:yyyy-MM-dd}; {settings.Rounds} rounds, {settings.Seconds} s each after {settings.WarmUpSeconds} s of warm-up; medians, ± half the spread.");
        text.AppendLine("Three processes each but for Redis, on one machine with their load generator, everything synced before it is acknowledged.");
        text.AppendLine();
        foreach ((string system, string version) in result.Versions)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"- {system}: {version}");
        }

        foreach (string missing in result.Missing)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"- left out: {missing}");
        }
    }

    private static void Loads(StringBuilder text, ComparisonResult result)
    {
        if (result.Loads.Count == 0)
        {
            return;
        }

        text.AppendLine();
        text.AppendLine("| Load | Clients | System | Operations/s | p50 ms | p99 ms | p99.9 ms | Server CPU s per 1,000 | Memory MB | of it anonymous | Written per byte | Errors | Of etcd's operations |");
        text.AppendLine("|---|---|---|---|---|---|---|---|---|---|---|---|---|");
        foreach (IGrouping<Load, Measured> load in result.Loads.GroupBy(one => one.Load))
        {
            double? etcd = load.FirstOrDefault(one => one.System == "etcd")?.Median(one => (double?)one.OpsPerSecond);
            foreach (Measured one in load)
            {
                string begin = string.Create(CultureInfo.InvariantCulture, $"| {load.Key.Name} | {load.Key.Clients:N0} | {one.System} |");
                if (one.Rounds.Count == 0)
                {
                    text.AppendLine(CultureInfo.InvariantCulture, $"{begin} FAILED | | | | | | | | {one.Failures.Count} rounds | |");
                    continue;
                }

                string ratio = etcd is > 0 && one.System != "etcd" ? Text(one.Median(figures => figures.OpsPerSecond) / etcd, "0.00") : "";
                string errors = string.Create(CultureInfo.InvariantCulture, $"{one.Rounds.Sum(f => f.Errors)}{(one.Failures.Count > 0 ? $", and {one.Failures.Count} rounds FAILED" : "")}");
                text.AppendLine(
                    CultureInfo.InvariantCulture,
                    $"{begin} {one.Median(f => f.OpsPerSecond):N0} ± {one.Spread(f => f.OpsPerSecond):P0} | {Text(one.Median(f => f.P50Ms), "0.00")} | {Text(one.Median(f => f.P99Ms), "0.00")} | {Text(one.Median(f => f.P999Ms), "0.00")} | {Text(one.Median(f => f.ServerCpuPerThousand), "0.000")} | {Text(one.Median(f => (double?)f.MemoryBytes) / 1e6, "N0")} | {Text(one.Median(f => (double?)f.AnonymousBytes) / 1e6, "N0")} | {Text(one.Median(f => f.WrittenPerByte), "0.0")} | {errors} | {ratio} |");
            }
        }
    }

    private static void Failures(StringBuilder text, ComparisonResult result)
    {
        if (result.Failures.Count == 0)
        {
            return;
        }

        text.AppendLine();
        text.AppendLine("| System | Failover gap ms | Missed writes | Catch-up s | Keys | Restart s |");
        text.AppendLine("|---|---|---|---|---|---|");
        foreach (FailureFigures one in result.Failures)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"| {one.System} | {Text(one.FailoverGapMs, "N0", "FAILED")} | {one.MissedWrites:N0} | {Text(one.CatchUpSeconds, "0.00", "FAILED")} | {one.Keys:N0} | {Text(one.RestartSeconds, "0.00", "FAILED")} |");
        }
    }

    private static string Text(double? number, string format, string without = "–") => number?.ToString(format, CultureInfo.InvariantCulture) ?? without;
}
