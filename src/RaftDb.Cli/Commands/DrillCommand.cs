using System.CommandLine;
using System.Globalization;
using RaftDb.Cli.Drills;
using RaftDb.Cli.Output;

namespace RaftDb.Cli.Commands;

/// <summary>raftdb drill NAME: rehearses a failure on real processes.</summary>
internal static class DrillCommand
{
    public static Command Build()
    {
        Command command = new("drill", "Rehearse a failure: real nodes, real load, real kills; then everything is verified.");
        Argument<string> name = new("NAME")
        {
            HelpName = "NAME",
            Description = string.Join("\n", DrillCatalogue.All.Select(drill => $"{drill.Name}: {drill.Description}")),
        };
        name.AcceptOnlyFromAmong([.. DrillCatalogue.All.Select(drill => drill.Name)]);
        Option<bool> json = new("--json") { Description = "Answer as JSON." };
        Option<int?> rounds = new("--rounds") { Description = "How often." };
        Option<double> seconds = new("--seconds") { Description = "Load before and after each fault.", DefaultValueFactory = _ => 1.5 };
        Option<int> writers = new("--writers") { Description = "Writers, each with one write at a time.", DefaultValueFactory = _ => 16 };
        Option<int> nodes = new("--nodes") { Description = "Nodes.", DefaultValueFactory = _ => 3 };
        Option<int> ranges = new("--ranges") { Description = "Ranges.", DefaultValueFactory = _ => 4 };
        Option<int?> writes = new("--writes") { Description = "follower-catch-up, snapshot-gap: writes while the node is away. quickstart: keys." };
        Option<double> pause = new("--pause-seconds") { Description = "leader-pause: how long.", DefaultValueFactory = _ => 3 };
        Option<double?> median = new("--max-median-ms") { Description = "The median gap that still passes." };
        Option<double?> max = new("--max-ms") { Description = "The longest gap that still passes." };
        Option<int> least = new("--min-acknowledged") { Description = "Fewer acknowledged writes don't pass.", DefaultValueFactory = _ => 500 };
        Option<string?> data = new("--data") { Description = "An empty directory for the nodes; kept. A temporary one without." };
        Option<double?> limit = new("--limit-seconds") { Description = "It fails if it takes longer. 300 without; chaos: its minutes and 300." };
        Option<double> minutes = new("--minutes") { Description = "chaos: how long faults happen.", DefaultValueFactory = _ => 3 };
        Option<int?> seed = new("--seed") { Description = "chaos and partitions: where chance comes from; drawn and printed without." };
        Option<int?> keys = new("--keys") { Description = "Drills that check a history: over how many keys." };
        Option<int> counters = new("--counters") { Description = "Clients that count in sessions besides; their counters must be exact in the end." };
        Option<string[]> set = new("--set") { Description = "A setting for the nodes, Section:Key=Value; may be given many times." };
        command.Add(name);
        foreach (Option option in (Option[])[json, rounds, seconds, writers, nodes, ranges, writes, pause, median, max, least, data, limit, minutes, seed, keys, counters, set])
        {
            command.Add(option);
        }

        command.SetAction(async (parsed, cancel) =>
        {
            DrillSettings settings = new()
            {
                Rounds = parsed.GetValue(rounds),
                Seconds = parsed.GetValue(seconds),
                Writers = parsed.GetValue(writers),
                Nodes = parsed.GetValue(nodes),
                Ranges = parsed.GetValue(ranges),
                Writes = parsed.GetValue(writes),
                PauseSeconds = parsed.GetValue(pause),
                MaxMedianMs = parsed.GetValue(median),
                MaxMs = parsed.GetValue(max),
                MinAcknowledged = parsed.GetValue(least),
                Data = parsed.GetValue(data),
                LimitSeconds = parsed.GetValue(limit),
                Minutes = parsed.GetValue(minutes),
                Seed = parsed.GetValue(seed),
                Keys = parsed.GetValue(keys),
                Counters = parsed.GetValue(counters),
                Set = parsed.GetValue(set) ?? [],
            };
            settings.Validate();
            StartArguments.ParseSettings(settings.Set);
            Drill drill = DrillCatalogue.All.Single(drill => drill.Name == parsed.GetValue(name));
            DrillReport report = await DrillRunner.RunAsync(drill, settings, new Progress(quiet: false), cancel);
            if (parsed.GetValue(json))
            {
                JsonOutput.Print(report);
            }
            else
            {
                Print(report);
            }

            return report.Passed ? ExitCode.Done : throw new RefusedException($"The drill {report.Drill} did not pass: {report.Failures[0]}");
        });
        return command;
    }

    private static void Print(DrillReport report)
    {
        Table table = new("Measure", "Value");
        table.Add("promise", report.Promise);
        table.Add("rounds", Text(report.Rounds));
        table.Add("acknowledged", Text(report.Acknowledged));
        table.Add("lost", Text(report.Lost));
        table.Add("unknown outcome", $"{report.Unknown} ({report.UnknownPresent} there, {report.UnknownAbsent} not)");
        table.Add("refused", Text(report.Refused));
        table.Add("leader changes", Text(report.LeaderChanges));
        if (report.GapMs is { } gap)
        {
            table.Add("gap", FormattableString.Invariant($"median {gap.Median:0.0} ms, longest {gap.Max:0.0} ms, of {gap.Count}"));
        }

        foreach ((string name, double value) in report.Measured)
        {
            table.Add(name.Replace('_', ' '), Text(value));
        }

        foreach ((string code, long count) in report.Errors)
        {
            table.Add($"answers: {code}", Text(count));
        }

        table.Add("seconds", Text(report.Seconds));
        table.Print();
        foreach (string failure in report.Failures)
        {
            Console.Out.WriteLine($"  - {failure}");
        }

        Console.Out.WriteLine(report.Passed ? $"{report.Drill}: PASSED" : $"{report.Drill}: FAILED");
    }

    private static string Text(IFormattable number) => number.ToString(null, CultureInfo.InvariantCulture);
}
