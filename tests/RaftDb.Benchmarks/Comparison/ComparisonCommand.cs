using System.CommandLine;
using RaftDb.Benchmarks.Comparison.Reports;

namespace RaftDb.Benchmarks.Comparison;

/// <summary>scripts/bench/compare.</summary>
internal static class ComparisonCommand
{
    public static async Task<int> RunAsync(string[] arguments)
    {
        Option<string> raftDb = new("--raftdb") { Description = "The built raftdb command.", Required = true };
        Option<string> root = new("--root") { Description = "The checkout.", Required = true };
        Option<bool> quick = new("--quick") { Description = "Small and short: to see that it works, not for figures." };
        Option<string> systems = new("--systems") { Description = "raftdb, etcd, postgresql, redis; default: all that are installed." };
        Option<string> loads = new("--loads") { Description = "Beginnings of the loads' names, separated by commas: put, linearizable, bounded, mixed, batch, scan; default: all." };
        Option<int?> rounds = new("--rounds") { Description = "How often each system has its turn. Default: 3." };
        Option<double?> seconds = new("--seconds") { Description = "Measured seconds of each load. Default: 8." };
        Option<string> clients = new("--clients") { Description = "Numbers of clients of put and linearizable get. Default: 1,16,64,256,1000." };
        Option<int?> keys = new("--many-keys") { Description = "Keys of the large load; 0 leaves it out. Default: 1,000,000." };
        Option<int?> missed = new("--missed-writes") { Description = "Writes that a node misses; 0 leaves failures and restarts out. Default: 200,000." };
        Option<string> output = new("--output") { Description = "Directory of the reports. Default: docs/benchmarks of the checkout." };
        Option<string> data = new("--data") { Description = "Directory for the servers' data, on the disk that is meant. Default: a temporary one." };
        RootCommand command = new("Compares RaftDb with other databases: three processes each on loopback, everything synced, one system at a time in alternating rounds.")
        {
            raftDb, root, quick, systems, loads, rounds, seconds, clients, keys, missed, output, data,
        };
        command.SetAction(async (parsed, cancel) =>
        {
            string checkout = Path.GetFullPath(parsed.GetRequiredValue(root));
            ComparisonSettings settings = new()
            {
                RaftDb = parsed.GetRequiredValue(raftDb),
                Root = checkout,
                Output = parsed.GetValue(output) ?? Path.Combine(checkout, "docs", "benchmarks"),
                Data = Directory.CreateDirectory(parsed.GetValue(data) ?? Path.Combine(Path.GetTempPath(), $"raftdb-compare-{Environment.ProcessId}")).FullName,
                Systems = List(parsed.GetValue(systems)),
                Loads = List(parsed.GetValue(loads)),
            };
            settings = parsed.GetValue(quick) ? settings.Quickened() : settings;
            settings = settings with
            {
                Rounds = parsed.GetValue(rounds) ?? settings.Rounds,
                Seconds = parsed.GetValue(seconds) ?? settings.Seconds,
                Clients = parsed.GetValue(clients) is { } counts ? [.. List(counts).Select(int.Parse)] : settings.Clients,
                ManyKeys = parsed.GetValue(keys) ?? settings.ManyKeys,
                MissedWrites = parsed.GetValue(missed) ?? settings.MissedWrites,
            };
            try
            {
                ComparisonResult result = await ComparisonRun.RunAsync(settings, Console.Error, cancel);
                await WriteAsync(result, cancel);
                Console.WriteLine(TextTable.Of(result));
                return 0;
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
            List<Measured> some = [.. result.Loads.Where(one => one.Load == new Load(kind, one.Load.Clients))];
            if (some.Count > 0)
            {
                await File.WriteAllTextAsync(Path.Combine(directory, $"{name}-rate.svg"), SvgChart.Of(some[0].Load.Name, "operations a second", some, figures => figures.OpsPerSecond), cancel);
                await File.WriteAllTextAsync(Path.Combine(directory, $"{name}-p99.svg"), SvgChart.Of(some[0].Load.Name, "p99, ms", some, figures => figures.P99Ms), cancel);
            }
        }
    }
}
