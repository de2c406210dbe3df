using System.Globalization;
using System.Text;

namespace RaftDb.Benchmarks.Comparison.Reports;

/// <summary>The result for people: Markdown, so that it can go into documents as it is.</summary>
internal static class TextTable
{
    public static string Of(ComparisonResult result)
    {
        StringBuilder text = new();
        MachineDescription machine = result.Machine;
        text.AppendLine(CultureInfo.InvariantCulture, $"{machine.Processor}, {machine.Processors} processors, {machine.MemoryGiB} GiB, {machine.Kernel}, {machine.FileSystem}, {machine.Runtime};");
        text.AppendLine(CultureInfo.InvariantCulture, $"commit {machine.Commit}, {machine.When:yyyy-MM-dd}; {result.Settings.Rounds} rounds, {result.Settings.Seconds} s each after {result.Settings.WarmUpSeconds} s of warm-up; medians, ± half the spread.");
        text.AppendLine();
        foreach ((string system, string version) in result.Versions)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"- {system}: {version}");
        }

        foreach (string missing in result.Missing)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"- left out: {missing}");
        }

        text.AppendLine();
        text.AppendLine("| Load | Clients | System | Operations/s | p50 ms | p99 ms | p99.9 ms | CPU s per 1,000 | Memory MB | Written per byte | Errors | Of etcd's operations |");
        text.AppendLine("|---|---|---|---|---|---|---|---|---|---|---|---|");
        foreach (IGrouping<Load, Measured> load in result.Loads.GroupBy(one => one.Load))
        {
            double? etcd = load.FirstOrDefault(one => one.System == "etcd")?.Median(one => one.OpsPerSecond);
            foreach (Measured one in load)
            {
                string ratio = etcd is > 0 && one.System != "etcd" ? Text(one.Median(figures => figures.OpsPerSecond) / etcd, "0.00") : "";
                text.AppendLine(
                    CultureInfo.InvariantCulture,
                    $"| {load.Key.Name} | {load.Key.Clients:N0} | {one.System} | {one.Median(f => f.OpsPerSecond):N0} ± {one.Spread(f => f.OpsPerSecond):P0} | {one.Median(f => f.P50Ms):0.00} | {one.Median(f => f.P99Ms):0.00} | {Text(one.Median(f => f.P999Ms), "0.00")} | {Text(one.Median(f => f.ServerCpuPerThousand), "0.000")} | {Text(one.Median(f => (double?)f.MemoryBytes) / 1e6, "N0")} | {Text(one.Median(f => f.WrittenPerByte), "0.0")} | {one.Rounds.Sum(f => f.Errors)} | {ratio} |");
            }
        }

        if (result.Failures.Count > 0)
        {
            text.AppendLine();
            text.AppendLine("| System | Failover gap ms | Missed writes | Catch-up s | Keys | Restart s |");
            text.AppendLine("|---|---|---|---|---|---|");
            foreach (FailureFigures one in result.Failures)
            {
                text.AppendLine(CultureInfo.InvariantCulture, $"| {one.System} | {one.FailoverGapMs:N0} | {one.MissedWrites:N0} | {one.CatchUpSeconds:0.00} | {one.Keys:N0} | {one.RestartSeconds:0.00} |");
            }
        }

        return text.ToString();
    }

    private static string Text(double? number, string format) => number?.ToString(format, CultureInfo.InvariantCulture) ?? "–";
}
