using System.CommandLine;
using RaftDb.Cli.Bench;
using RaftDb.Cli.Output;
using RaftDb.Client;

namespace RaftDb.Cli.Commands;

/// <summary>raftdb bench levels: what each promise costs on this cluster.</summary>
internal static class BenchLevelsCommand
{
    public static Command Build()
    {
        Command command = new("levels", "Compare what each acknowledgement of writes and each consistency of reads costs.");
        BenchOptionSet common = new(command, seconds: 5, warmUp: 2);
        ClientOptions client = new(command);
        command.SetAction(async (parsed, cancel) =>
        {
            Endpoint.TryParse(client.Servers(parsed).Split(',')[0], out Endpoint first);
            Progress progress = new(client.Json(parsed));
            List<(BenchLevel Level, BenchReport Report)> rows = [];
            BenchSettings basis = common.Read(parsed, "read");
            basis.Validate();
            foreach (BenchLevel level in BenchLevel.All)
            {
                BenchSettings settings = level.Of(basis) with { NoLoad = basis.NoLoad || rows.Any(row => !row.Level.Writes) };
                progress.Step(level.Name);
                await using RaftDbClient db = client.Connect(parsed, settings.ForClient);
                rows.Add((level, await BenchRun.RunAsync(db, first, settings, progress, cancel)));
            }

            if (client.Json(parsed))
            {
                JsonOutput.Print(new { Rows = rows.Select(row => new { Level = row.Level.Name, row.Level.Promise, row.Report }) });
            }
            else
            {
                Print(basis, rows);
            }

            return rows.All(row => row.Report.Ops > 0) ? ExitCode.Done : throw new RefusedException("Not one request succeeded with some of the levels. Look at `raftdb status`.");
        });
        return command;
    }

    private static void Print(BenchSettings settings, List<(BenchLevel Level, BenchReport Report)> rows)
    {
        BenchReport any = rows[0].Report;
        Console.Out.WriteLine(FormattableString.Invariant(
            $"levels: {settings.Clients} clients, {settings.ValueSize} byte values, {settings.Keys} keys, {any.Nodes} nodes, {any.Ranges} ranges; {settings.Seconds} s each after {settings.WarmUpSeconds} s of warm-up"));
        Table table = new("Level", "Per second", "p50 ms", "p99 ms", "Errors", "What it promises");
        foreach ((BenchLevel level, BenchReport report) in rows)
        {
            table.Add(
                level.Name,
                FormattableString.Invariant($"{report.OpsPerSecond:0}"),
                FormattableString.Invariant($"{report.P50Ms:0.00}"),
                FormattableString.Invariant($"{report.P99Ms:0.00}"),
                FormattableString.Invariant($"{report.Errors}"),
                level.Promise);
        }

        table.Print();
    }
}
