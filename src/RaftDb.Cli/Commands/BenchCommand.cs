using System.CommandLine;
using RaftDb.Cli.Bench;
using RaftDb.Cli.Output;
using RaftDb.Client;

namespace RaftDb.Cli.Commands;

/// <summary>raftdb bench write|read|mixed|batch|scan</summary>
internal static class BenchCommand
{
    public static Command Build()
    {
        Command command = new("bench", "Measure throughput and latency of a running cluster.");
        Argument<string?> workload = new("WORKLOAD") { HelpName = "WORKLOAD", Description = "write, read, mixed, batch or scan.", Arity = ArgumentArity.ZeroOrOne };
        workload.AcceptOnlyFromAmong("write", "read", "mixed", "batch", "scan");
        command.Add(workload);
        BenchOptionSet common = new(command, seconds: 10, warmUp: 3);
        Option<long?> operations = new("--operations") { Description = "End after so many operations instead of after a time; all of them count, without warm-up." };
        Option<int> batch = new("--batch") { Description = "batch: puts in a request.", DefaultValueFactory = _ => 100 };
        Option<int> page = new("--page") { Description = "scan: keys of a scan, read as one page.", DefaultValueFactory = _ => 1000 };
        Option<double> readShare = new("--read-share") { Description = "mixed: the share of reads.", DefaultValueFactory = _ => 0.5 };
        Option<string?> ack = new("--ack") { Description = "quorum (default), all or leader." };
        ack.AcceptOnlyFromAmong("quorum", "all", "leader");
        Option<string> protocol = new("--protocol") { Description = "client (default): the .NET client, over RESP; http: as little of a client as can be.", DefaultValueFactory = _ => "client" };
        protocol.AcceptOnlyFromAmong("client", "http");
        Option<bool> noSessions = new("--no-sessions") { Description = "client: write outside of sessions, so at most once instead of exactly once." };
        foreach (Option option in (Option[])[operations, batch, page, readShare, ack, protocol, noSessions])
        {
            command.Add(option);
        }

        ClientOptions client = new(command);
        ReadOptionSet read = new(command);
        command.Add(BenchLevelsCommand.Build());
        command.Add(BenchFillCommand.Build());
        command.Add(BenchEngineCommand.Build());
        command.Add(BenchEngineCommand.BuildNode());
        command.SetAction(async (parsed, cancel) =>
        {
            BenchSettings settings = common.Read(parsed, parsed.GetValue(workload) ?? throw new UsageException("bench: say what to measure: write, read, mixed, batch, scan, levels or engine.")) with
            {
                Operations = parsed.GetValue(operations),
                Batch = parsed.GetValue(batch),
                Page = parsed.GetValue(page),
                ReadShare = parsed.GetValue(readShare),
                Ack = parsed.GetValue(ack),
                Protocol = parsed.GetValue(protocol)!,
                Sessions = !parsed.GetValue(noSessions),
                Read = read.Read(parsed),
            };
            settings = settings.Operations is null ? settings : settings with { WarmUpSeconds = 0 };
            settings.Validate();
            await using RaftDbClient db = client.Connect(parsed, settings.ForClient);
            Endpoint.TryParse(client.Servers(parsed).Split(',')[0], out Endpoint first);
            BenchReport report = await BenchRun.RunAsync(db, first, settings, new Progress(client.Json(parsed)), cancel);
            if (client.Json(parsed))
            {
                JsonOutput.Print(report);
            }
            else
            {
                BenchText.Print(report);
            }

            return report.Ops > 0
                ? ExitCode.Done
                : throw new RefusedException($"Not one request succeeded ({report.Errors} failed). Look at `raftdb status`.");
        });
        return command;
    }
}
