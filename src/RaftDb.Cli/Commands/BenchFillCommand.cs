using System.CommandLine;
using RaftDb.Cli.Bench;
using RaftDb.Cli.Output;
using RaftDb.Client;

namespace RaftDb.Cli.Commands;

/// <summary>raftdb bench fill: the keys of the other workloads, written once in the order of their numbers.</summary>
internal static class BenchFillCommand
{
    public static Command Build()
    {
        Command command = new("fill", "Write all keys of the workloads once, in batches, and measure that.");
        Option<int> keys = new("--keys") { Description = "How many keys.", DefaultValueFactory = _ => 100_000 };
        Option<int> valueSize = new("--value-size") { Description = "Bytes of a value.", DefaultValueFactory = _ => 100 };
        Option<bool> noSessions = new("--no-sessions") { Description = "Write outside of sessions, so at most once instead of exactly once." };
        foreach (Option option in (Option[])[keys, valueSize, noSessions])
        {
            command.Add(option);
        }

        ClientOptions client = new(command);
        command.SetAction(async (parsed, cancel) =>
        {
            BenchSettings settings = new() { Workload = "batch", Keys = parsed.GetValue(keys), ValueSize = parsed.GetValue(valueSize), Sessions = !parsed.GetValue(noSessions) };
            settings.Validate();
            await using RaftDbClient db = client.Connect(parsed, settings.ForClient);
            TimeSpan took = await BenchLoader.LoadAsync(db, settings, new Progress(client.Json(parsed)), cancel);
            double perSecond = Math.Round(settings.Keys / took.TotalSeconds, 1);
            if (client.Json(parsed))
            {
                JsonOutput.Print(new { Ops = settings.Keys, Seconds = Math.Round(took.TotalSeconds, 3), OpsPerSecond = perSecond, Errors = 0 });
            }
            else
            {
                Console.Out.WriteLine(FormattableString.Invariant($"fill: {settings.Keys} keys with {settings.ValueSize} byte values in {took.TotalSeconds:0.0} s, {perSecond:0} a second"));
            }

            return ExitCode.Done;
        });
        return command;
    }
}
