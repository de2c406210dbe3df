using System.CommandLine;
using RaftDb.Cli.Bench.Engine;
using RaftDb.Cli.Output;

namespace RaftDb.Cli.Commands;

/// <summary>raftdb bench engine, and the hidden command that is each of its processes.</summary>
internal static class BenchEngineCommand
{
    public static Command Build()
    {
        Command command = new("engine", "Measure replication alone: three processes of its own, proposals made inside the leader's, a state machine that only counts, everything synced.");
        EngineSettings defaults = new();
        Option<string> writers = new("--writers") { Description = "Numbers of writers, each with one entry at a time.", DefaultValueFactory = _ => string.Join(',', defaults.Writers) };
        Option<int> seconds = new("--seconds") { Description = "How long for each number of writers.", DefaultValueFactory = _ => defaults.Seconds };
        Option<int> warmUp = new("--warm-up") { Description = "Seconds of the same load before it, not measured.", DefaultValueFactory = _ => defaults.WarmUpSeconds };
        Option<int> entryBytes = new("--entry-bytes") { Description = "Bytes of an entry.", DefaultValueFactory = _ => defaults.EntryBytes };
        Option<string?> data = new("--data") { Description = "An empty directory for the logs, on the disk that is meant; kept. A temporary one without." };
        Option<bool> json = new("--json") { Description = "Answer as JSON." };
        foreach (Option option in (Option[])[writers, seconds, warmUp, entryBytes, data, json])
        {
            command.Add(option);
        }

        command.SetAction(async (parsed, cancel) =>
        {
            EngineSettings settings = new()
            {
                Writers = [.. parsed.GetValue(writers)!.Split(',', StringSplitOptions.RemoveEmptyEntries).Select(text => int.TryParse(text, out int number) ? number : 0)],
                Seconds = parsed.GetValue(seconds),
                WarmUpSeconds = parsed.GetValue(warmUp),
                EntryBytes = parsed.GetValue(entryBytes),
                Data = parsed.GetValue(data),
            };
            settings.Validate();
            IReadOnlyList<EngineRun> runs = await EngineBench.RunAsync(settings, new Progress(parsed.GetValue(json)), cancel);
            if (parsed.GetValue(json))
            {
                JsonOutput.Print(new { Nodes = EngineSettings.Nodes, Durability = "fsync", settings.EntryBytes, settings.WarmUpSeconds, Runs = runs });
            }
            else
            {
                Print(settings, runs);
            }

            return runs.All(run => run.Entries > 0) ? ExitCode.Done : throw new RefusedException("Not one entry was committed with some numbers of writers.");
        });
        return command;
    }

    public static Command BuildNode()
    {
        Command command = new("engine-node", "One process of `raftdb bench engine`.") { Hidden = true };
        Argument<ulong> id = new("ID");
        Argument<string> peers = new("PEERS");
        Argument<string> data = new("DATA");
        Argument<Guid> cluster = new("CLUSTER");
        foreach (Argument argument in (Argument[])[id, peers, data, cluster])
        {
            command.Add(argument);
        }

        command.SetAction((parsed, cancel) => EngineProcess.RunAsync(
            new(parsed.GetValue(id), parsed.GetValue(peers)!.Split(','), parsed.GetValue(data)!, parsed.GetValue(cluster)), cancel));
        return command;
    }

    private static void Print(EngineSettings settings, IReadOnlyList<EngineRun> runs)
    {
        Console.Out.WriteLine(FormattableString.Invariant(
            $"engine: {EngineSettings.Nodes} processes, entries of {settings.EntryBytes} bytes proposed inside the leader's, a state machine that counts, fsync; {settings.Seconds} s each after {settings.WarmUpSeconds} s of warm-up"));
        Table table = new("Writers", "Entries/s", "p50 ms", "p99 ms", "CPU µs per entry, all processes", "Errors");
        foreach (EngineRun run in runs)
        {
            table.Add(
                FormattableString.Invariant($"{run.Writers}"),
                FormattableString.Invariant($"{run.EntriesPerSecond:0}"),
                FormattableString.Invariant($"{run.P50Ms:0.00}"),
                FormattableString.Invariant($"{run.P99Ms:0.00}"),
                FormattableString.Invariant($"{run.CpuMicrosecondsPerEntry:0.0}"),
                FormattableString.Invariant($"{run.Errors}"));
        }

        table.Print();
    }
}
