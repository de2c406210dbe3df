using System.Diagnostics;
using RaftDb.Client.Protocol;

namespace RaftDb.Cli.Drills;

/// <summary>Leadership of the busiest leader's ranges is moved to another node, one range after the other; no process stops.</summary>
internal sealed class LeaderTransfer : Drill
{
    private const int DefaultRounds = 10;

    private const double DefaultMaxMedianMs = 100;

    private const double DefaultMaxMs = 1500;

    public override string Name => "leader-transfer";

    public override string Description => "Moves leadership from node to node, again and again, under load.";

    public override string Promise(DrillSettings settings) => FormattableString.Invariant(
        $"writes to the moved ranges go on after at most {settings.MaxMedianMs ?? DefaultMaxMedianMs:0} ms (median) and {settings.MaxMs ?? DefaultMaxMs:0} ms (worst)");

    public override async Task RunAsync(DrillRun run, CancellationToken cancel)
    {
        run.StartLoad();
        for (int round = 1; round <= (run.Settings.Rounds ?? DefaultRounds); round++)
        {
            // 1. Load on a healthy cluster.
            await run.LoadForAsync(run.Settings.Seconds, cancel);
            (NodeProcess leader, IReadOnlyList<RangeStatus> led) = await run.BusiestLeaderAsync(cancel);
            ulong to = run.Cluster.Nodes[(run.Cluster.Nodes.ToList().IndexOf(leader) + 1) % run.Cluster.Nodes.Count].Id;

            // 2. The transfers. The clock starts before the first.
            long fault = Stopwatch.GetTimestamp();
            foreach (RangeStatus range in led)
            {
                await run.View.ClientOf(leader.Id).TransferAsync(range.Id, to, cancel);
            }

            await run.WritesResumeAsync(led, fault, TimeSpan.FromSeconds(15), cancel);
            await run.LoadForAsync(run.Settings.Seconds, cancel);

            // 3. The measure, and whether it is as asked.
            string gaps = run.MeasureGaps(led, fault);
            IReadOnlyList<RangeStatus> after = await run.View.RangesAsync(to, cancel);
            int moved = led.Count(range => after.Any(now => now.Id == range.Id && now.Leader == to));
            if (moved < led.Count)
            {
                run.Fail($"Round {round}: node {to} leads {moved} of the {led.Count} ranges that were to be moved there.");
            }

            run.LeaderChanges += moved;
            run.Rounds = round;
            run.Progress.Step($"Round {round}: moved {led.Count} ranges from node {leader.Id} to node {to}; {gaps}");
        }

        run.ExpectGaps(run.Settings.MaxMedianMs ?? DefaultMaxMedianMs, run.Settings.MaxMs ?? DefaultMaxMs);
    }
}
