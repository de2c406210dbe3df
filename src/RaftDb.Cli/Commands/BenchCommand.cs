using System.CommandLine;
using RaftDb.Cli.Bench;
using RaftDb.Cli.Output;
using RaftDb.Client;

namespace RaftDb.Cli.Commands;

/// <summary>raftdb bench write|read|mixed</summary>
internal static class BenchCommand
{
    public static Command Build()
    {
        Command command = new("bench", "Measure throughput and latency of a running cluster.");
        Argument<string> workload = new("WORKLOAD") { Description = "write, read or mixed." };
        workload.AcceptOnlyFromAmong("write", "read", "mixed");
        Option<int> clients = new("--clients") { Description = "How many clients, each with one request at a time.", DefaultValueFactory = _ => 64 };
        Option<int> seconds = new("--seconds") { Description = "How long.", DefaultValueFactory = _ => 10 };
        Option<int> warmUp = new("--warm-up") { Description = "Seconds of the same load before it, not measured.", DefaultValueFactory = _ => 3 };
        Option<int> valueSize = new("--value-size") { Description = "Bytes of a value.", DefaultValueFactory = _ => 100 };
        Option<int> keys = new("--keys") { Description = "How many keys.", DefaultValueFactory = _ => 100_000 };
        Option<double> readShare = new("--read-share") { Description = "mixed: the share of reads.", DefaultValueFactory = _ => 0.5 };
        Option<string?> ack = new("--ack") { Description = "quorum (default), all or leader." };
        ack.AcceptOnlyFromAmong("quorum", "all", "leader");
        Option<string> protocol = new("--protocol") { Description = "client (default): the .NET client, over RESP; http: as little of a client as can be.", DefaultValueFactory = _ => "client" };
        protocol.AcceptOnlyFromAmong("client", "http");
        Option<bool> noSessions = new("--no-sessions") { Description = "client: write outside of sessions, so at most once instead of exactly once." };
        Option<bool> noLoad = new("--no-load") { Description = "read, mixed: the keys are there already." };
        Option<int> seed = new("--seed") { Description = "Of the order of keys.", DefaultValueFactory = _ => 1 };
        command.Add(workload);
        foreach (Option option in (Option[])[clients, seconds, warmUp, valueSize, keys, readShare, ack, protocol, noSessions, noLoad, seed])
        {
            command.Add(option);
        }

        ClientOptions client = new(command);
        ReadOptionSet read = new(command);
        command.SetAction(async (parsed, cancel) =>
        {
            BenchSettings settings = new()
            {
                Workload = parsed.GetValue(workload)!,
                Clients = parsed.GetValue(clients),
                Seconds = parsed.GetValue(seconds),
                WarmUpSeconds = parsed.GetValue(warmUp),
                ValueSize = parsed.GetValue(valueSize),
                Keys = parsed.GetValue(keys),
                ReadShare = parsed.GetValue(readShare),
                Ack = parsed.GetValue(ack),
                Protocol = parsed.GetValue(protocol)!,
                Sessions = !parsed.GetValue(noSessions),
                Read = read.Read(parsed),
                NoLoad = parsed.GetValue(noLoad),
                Seed = parsed.GetValue(seed),
            };
            settings.Validate();
            await using RaftDbClient db = client.Connect(parsed, options => options with { Sessions = settings.Sessions });
            Endpoint.TryParse(client.Servers(parsed).Split(',')[0], out Endpoint first);
            BenchReport report = await BenchRun.RunAsync(db, first, settings, new Progress(client.Json(parsed)), cancel);
            if (client.Json(parsed))
            {
                JsonOutput.Print(report);
            }
            else
            {
                Print(report);
            }

            return report.Ops > 0
                ? ExitCode.Done
                : throw new RefusedException($"Not one request succeeded ({report.Errors} failed). Look at `raftdb status`.");
        });
        return command;
    }

    private static void Print(BenchReport report)
    {
        Console.Out.WriteLine(FormattableString.Invariant(
            $"{report.Workload}: {report.Clients} clients, {report.ValueSize} byte values, {report.Keys} keys, {report.Nodes} nodes, {report.Ranges} ranges; ack {report.Ack}, consistency {report.Consistency}, over {report.Protocol}{(report.Sessions ? " in sessions" : "")}; after {report.WarmUpSeconds} s of warm-up"));
        Table table = new("Operations", "Seconds", "Per second", "p50 ms", "p99 ms", "p99.9 ms", "max ms", "Errors");
        table.Add(
            FormattableString.Invariant($"{report.Ops}"),
            FormattableString.Invariant($"{report.Seconds:0.0}"),
            FormattableString.Invariant($"{report.OpsPerSecond:0}"),
            FormattableString.Invariant($"{report.P50Ms:0.00}"),
            FormattableString.Invariant($"{report.P99Ms:0.00}"),
            FormattableString.Invariant($"{report.P999Ms:0.00}"),
            FormattableString.Invariant($"{report.MaxMs:0.00}"),
            FormattableString.Invariant($"{report.Errors}"));
        table.Print();
        foreach ((string code, long count) in report.ErrorsByCode)
        {
            Console.Out.WriteLine($"  {code}: {count}");
        }
    }
}
