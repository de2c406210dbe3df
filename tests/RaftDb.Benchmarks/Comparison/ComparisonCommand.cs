using System.CommandLine;
using RaftDb.Benchmarks.Comparison.Reports;

namespace RaftDb.Benchmarks.Comparison;

/// <summary>scripts/bench/compare.</summary>
internal static class ComparisonCommand
{
    public static async Task<int> RunAsync(string[] arguments)
    {
        Option<string> raftDb = new("--raftdb") { Description = "The built raftdb command. Given by the script.", Required = true };
        Option<string> root = new("--root") { Description = "The checkout. Given by the script.", Required = true };
        Option<bool> quick = new("--quick") { Description = "Small and short: to see that it works, not for figures." };
        Option<string> systems = new("--systems") { Description = "Of raftdb, etcd, postgresql, redis. Default: all that are installed." };
        Option<string> only = new("--only", "--loads")
        {
            Description = "Of put, get, resp, bounded, mixed, batch, scan, put-1k, put-64k, fill, put-many, get-many (with --many-keys) and failures (gap, catch-up, restart). Default: all.",
        };
        Option<int?> rounds = new("--rounds") { Description = "How often each system has its turn. Default: 3." };
        Option<double?> seconds = new("--seconds") { Description = "Measured seconds of each load. Default: 8." };
        Option<double?> warmUp = new("--warm-up") { Description = "Seconds of the same load before that. Default: 3." };
        Option<string> clients = new("--clients") { Description = "Numbers of clients of put and linearizable get. Default: 1,16,64,256,1000." };
        Option<int?> keys = new("--many-keys") { Description = "Keys of the large load; 0 leaves it out. Default: 1,000,000." };
        Option<int?> missed = new("--missed-writes") { Description = "Writes that a node misses; 0 leaves failures and restarts out. Default: 200,000." };
        Option<string> output = new("--output") { Description = "Directory of the reports. Default: docs/benchmarks of the checkout." };
        Option<string> data = new("--data") { Description = "Directory for the servers' data, on the disk that is meant. Default: a temporary one." };
        RootCommand command = new("Compares RaftDb with other databases: three processes each on loopback, everything synced, one system at a time in alternating rounds.")
        {
            raftDb, root, quick, systems, only, rounds, seconds, warmUp, clients, keys, missed, output, data,
        };
        command.SetAction(async (parsed, cancel) =>
        {
            string checkout = Path.GetFullPath(parsed.GetRequiredValue(root));
            ComparisonSettings settings = new()
            {
                RaftDb = parsed.GetRequiredValue(raftDb),
                Root = checkout,
                Output = parsed.GetValue(output) ?? Path.Combine(checkout, "docs", "benchmarks"),
                Data = Path.GetFullPath(Path.Combine(parsed.GetValue(data) ?? Path.GetTempPath(), $"raftdb-compare-{Environment.ProcessId}")),
                Systems = List(parsed.GetValue(systems)),
                Only = List(parsed.GetValue(only)),
            };
            settings = parsed.GetValue(quick) ? settings.Quickened() : settings;
            settings = settings with
            {
                Rounds = parsed.GetValue(rounds) ?? settings.Rounds,
                Seconds = parsed.GetValue(seconds) ?? settings.Seconds,
                WarmUpSeconds = parsed.GetValue(warmUp) ?? settings.WarmUpSeconds,
                Clients = parsed.GetValue(clients) is { } counts ? [.. List(counts).Select(int.Parse)] : settings.Clients,
                ManyKeys = parsed.GetValue(keys) ?? settings.ManyKeys,
                MissedWrites = parsed.GetValue(missed) ?? settings.MissedWrites,
            };
            Directory.CreateDirectory(settings.Data);
            try
            {
                ComparisonResult result = await ComparisonRun.RunAsync(settings.Validate(), Console.Error, cancel);
                await WriteAsync(result, cancel);
                Console.WriteLine(TextTable.Of(result));
                await Console.Error.WriteLineAsync($"compare: the reports are in {settings.Output}{(result.Failed.Count > 0 ? $"; {result.Failed.Count} things could not be measured" : "")}.");
                return result.Failed.Count > 0 ? 1 : 0;
            }
            catch (ComparisonException failure)
            {
                await Console.Error.WriteLineAsync($"compare: {failure.Message}");
                return 1;
            }
            finally
            {
                Directory.Delete(settings.Data, recursive: true);
            }
        });
        return await command.Parse(arguments).InvokeAsync();
    }

    private static string[] List(string? text) => text?.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) ?? [];

    private static async Task WriteAsync(ComparisonResult result, CancellationToken cancel)
    {
        string directory = Directory.CreateDirectory(result.Settings.Output).FullName;
        await File.WriteAllTextAsync(Path.Combine(directory, "comparison.md"), TextTable.Of(result), cancel);
        await File.WriteAllTextAsync(Path.Combine(directory, "comparison.json"), JsonReport.Of(result), cancel);
        foreach ((LoadKind kind, string name) in ((LoadKind, string)[])[(LoadKind.Put, "put"), (LoadKind.Get, "get")])
        {
            List<Measured> some = [.. result.Loads.Where(one => one.Rounds.Count > 0 && one.Load == new Load(kind, one.Load.Clients))];
            if (some.Count > 0)
            {
                await File.WriteAllTextAsync(Path.Combine(directory, $"{name}-rate.svg"), SvgChart.Of(some[0].Load.Name, "operations a second", some, figures => figures.OpsPerSecond), cancel);
                await File.WriteAllTextAsync(Path.Combine(directory, $"{name}-p99.svg"), SvgChart.Of(some[0].Load.Name, "p99, ms", some, figures => figures.P99Ms ?? 0), cancel);
            }
        }
    }
}
