using RaftDb.Cli.Output;

namespace RaftDb.Cli.Bench;

/// <summary>A benchmark's result as people read it.</summary>
internal static class BenchText
{
    public static void Print(BenchReport report)
    {
        string per = report.Workload switch
        {
            "batch" => FormattableString.Invariant($" in batches of {report.PerRequest} (operations are puts, times are batches)"),
            "scan" => FormattableString.Invariant($" in scans of {report.PerRequest}"),
            _ => "",
        };
        string pipeline = report.Pipeline > 1 ? FormattableString.Invariant($" with {report.Pipeline} requests in flight") : "";
        Console.Out.WriteLine(FormattableString.Invariant(
            $"{report.Workload}{per}: {report.Clients} clients{pipeline}, {report.ValueSize} byte values, {report.Keys} keys, {report.Nodes} nodes, {report.Ranges} ranges; ack {report.Ack}, consistency {report.Consistency}, over {report.Protocol}{(report.Sessions ? " in sessions" : "")}; after {report.WarmUpSeconds} s of warm-up; seed {report.Seed}"));
        Table table = new("Operations", "Seconds", "Per second", "p50 ms", "p99 ms", "p99.9 ms", "max ms", "Gap ms", "Errors");
        table.Add(
            FormattableString.Invariant($"{report.Ops}"),
            FormattableString.Invariant($"{report.Seconds:0.0}"),
            FormattableString.Invariant($"{report.OpsPerSecond:0}"),
            FormattableString.Invariant($"{report.P50Ms:0.00}"),
            FormattableString.Invariant($"{report.P99Ms:0.00}"),
            FormattableString.Invariant($"{report.P999Ms:0.00}"),
            FormattableString.Invariant($"{report.MaxMs:0.00}"),
            FormattableString.Invariant($"{report.LongestGapMs:0.0}"),
            FormattableString.Invariant($"{report.Errors}"));
        table.Print();
        Console.Out.Write(LatencyBucket.ToText(report.Histogram));
        foreach ((string code, long count) in report.ErrorsByCode)
        {
            Console.Out.WriteLine($"  {code}: {count}");
        }
    }
}
