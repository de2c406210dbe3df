using System.Globalization;

namespace RaftDb.Benchmarks.Comparison.Reports;

/// <summary>RaftDb's figures beside those that they are to be judged by: mostly etcd's of the same run.</summary>
internal static class Ratios
{
    private const string RaftDb = "RaftDb";
    private const string Etcd = "etcd";
    private const string Redis = "Redis, one node";

    /// <summary>What, the bound, the goal, and what was found for each of RaftDb's variants; what was not measured has no line.</summary>
    public static IReadOnlyList<(string What, string Bound, string Goal, string Sessions, string NoSessions)> Of(ComparisonResult result)
    {
        List<(string, string, string, string, string)> lines = [];
        Load large = new(LoadKind.Put, 64, Keys: Math.Max(1, result.Settings.ManyKeys));
        Add("put, 1 client: p50 / etcd's", "≤ 0.6", "0.5", variant => Ratio(new(LoadKind.Put, 1), variant, one => one.P50Ms));
        Add("put, 64 clients: operations / etcd's", "≥ 3.5", "5", variant => Ratio(new(LoadKind.Put, 64), variant, one => one.OpsPerSecond));
        Add("put, 64 clients: p99 / etcd's", "≤ 0.4", "0.3", variant => Ratio(new(LoadKind.Put, 64), variant, one => one.P99Ms));
        Add("put, 64 clients: server processor time / etcd's", "≤ 0.4", "0.25", variant => Ratio(new(LoadKind.Put, 64), variant, one => one.ServerCpuPerThousand));
        Add("put, 1,000 clients: operations / etcd's", "≥ 3", "4", variant => Ratio(new(LoadKind.Put, 1000), variant, one => one.OpsPerSecond));
        Add("put, RESP, 50 connections, 16 deep: operations/s", "≥ 50,000", "100,000", variant => Own(new(LoadKind.PipelinedPut, 50), variant, one => one.OpsPerSecond));
        Add("linearizable get, 64 clients: operations / etcd's", "≥ 6", "8", variant => Ratio(new(LoadKind.Get, 64), variant, one => one.OpsPerSecond));
        Add("bounded get, 64 clients: operations / one Redis node's", "≥ 0.6", "", variant => Ratio(new(LoadKind.BoundedGet, 64), variant, one => one.OpsPerSecond, Redis));
        Add("memory after the large load / etcd's", "≤ 0.5", "", variant => Ratio(large, variant, one => one.MemoryBytes));
        Add("the same, files that are mapped left out", "≤ 0.5", "", variant => Ratio(large, variant, one => one.AnonymousBytes));
        Add("bytes written per byte, fill in order", "≤ 4", "", variant => Own(new(LoadKind.Fill, 1, Keys: large.Keys), variant, one => one.WrittenPerByte));
        Add("bytes written per byte, random puts into the large load", "≤ 25", "10", variant => Own(large, variant, one => one.WrittenPerByte));
        Add("restart, s", "< 0.5", "", variant => variant.Length > 0 ? null : Failure(RaftDb, one => one.RestartSeconds));
        Add("catch-up: etcd's time / RaftDb's", "≥ 3", "5", variant => variant.Length > 0 ? null : Failure(Etcd, one => one.CatchUpSeconds) / Failure(RaftDb, one => one.CatchUpSeconds));
        return lines;

        void Add(string what, string bound, string goal, Func<string, double?> figure)
        {
            (double? sessions, double? none) = (figure(""), figure(", no sessions"));
            if (sessions is not null || none is not null)
            {
                lines.Add((what, bound, goal, Text(sessions), Text(none)));
            }
        }

        double? Find(string system, Load load, Func<LoadFigures, double?> figure) =>
            result.Loads.FirstOrDefault(one => one.System == system && one.Load == load)?.Median(figure);

        double? Own(Load load, string variant, Func<LoadFigures, double?> figure) => Find(RaftDb + variant, load, figure);

        double? Ratio(Load load, string variant, Func<LoadFigures, double?> figure, string to = Etcd) => Own(load, variant, figure) / Find(to, load, figure);

        double? Failure(string system, Func<FailureFigures, double?> figure) =>
            Measured.MedianOf(result.Failures.Where(one => one.System == system).Select(figure).OfType<double>());
    }

    private static string Text(double? number) => number?.ToString(number >= 1000 ? "N0" : "0.00", CultureInfo.InvariantCulture) ?? "–";
}
