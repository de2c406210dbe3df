using System.Diagnostics;
using RaftDb.Cli.Drills.Faults;
using RaftDb.Client.Protocol;

namespace RaftDb.Cli.Drills;

/// <summary>One node's disk becomes a hundred times slower: first under a follower, then under the leader.</summary>
internal sealed class SlowDiskDrill : Drill
{
    private const int HistoryKeys = 64;
    private const int WritesPerSecond = 40;

    private SlowDisk? _disk;

    public override string Name => "slow-disk";

    public override string Description => "Slows a follower's disk down, and then the leader's, under load. Needs root.";

    public override string Promise(DrillSettings settings) =>
        "a follower's slow disk leaves at least half of the writes' rate; with the leader's, writes go on; both catch up again";

    public override string? Missing(DrillSettings settings) => SlowDisk.Missing(settings.Data ?? Path.GetTempPath());

    public override void Prepare(DrillSettings settings, ClusterProcesses cluster)
    {
        SlowDisk disk = _disk = SlowDisk.Create(cluster.Location);
        cluster.AtTheEnd(disk.Remove);
    }

    public override async Task RunAsync(DrillRun run, CancellationToken cancel)
    {
        SlowDisk disk = _disk!;
        run.StartLoad();
        run.StartHistoryLoad(HistoryKeys);
        for (int round = 1; round <= (run.Settings.Rounds ?? 1); round++)
        {
            // 1. How it is when all is well.
            await run.LoadForAsync(run.Settings.Seconds, cancel);
            double healthy = await RateAsync(run, cancel);

            // 2. A node that leads nothing is slow: the others are a quorum.
            NodeProcess victim = run.Cluster.Nodes[round % run.Cluster.Nodes.Count];
            disk.Add(victim.Pid ?? throw new RefusedException($"Node {victim.Id} does not run."));
            await Leaderships.AwayFromAsync(run, victim, cancel);
            double follower = await SlowedAsync(run, disk, victim, cancel);

            // A busy machine is not always equally fast: both before and after count.
            double expected = Math.Min(healthy, await RateAsync(run, cancel)) / 2;
            if (follower < expected)
            {
                run.Fail(FormattableString.Invariant($"With the slow disk of a follower only {follower:0} writes a second were left, of {healthy:0}: the others were a quorum."));
            }

            // 3. The same node leads everything.
            await Leaderships.ToAsync(run, victim, cancel);
            double leader = await SlowedAsync(run, disk, victim, cancel);
            if (leader <= 0)
            {
                run.Fail("With the slow disk of the leader no writes were done at all.");
            }

            run.Rounds = round;
            run.Measured["writes_per_second_healthy"] = Math.Round(healthy);
            run.Measured["writes_per_second_slow_follower"] = Math.Round(follower);
            run.Measured["writes_per_second_slow_leader"] = Math.Round(leader);
            run.Progress.Step(FormattableString.Invariant(
                $"Round {round}: {healthy:0} writes/s; with node {victim.Id}'s disk at {WritesPerSecond} writes/s: {follower:0} while it follows, {leader:0} while it leads"));
        }
    }

    private static async Task<double> SlowedAsync(DrillRun run, SlowDisk disk, NodeProcess victim, CancellationToken cancel)
    {
        disk.Slow(WritesPerSecond);
        double rate;
        try
        {
            rate = await RateAsync(run, cancel);
        }
        finally
        {
            disk.Heal();
        }

        // It has caught up when it has applied what the others have committed by now.
        IReadOnlyList<RangeStatus> goal = await run.View.RangesAsync(run.Cluster.Nodes.First(node => node != victim).Id, cancel);
        while (!await CaughtUp.HasAppliedAsync(run, victim, goal, cancel))
        {
            await Task.Delay(20, cancel);
        }

        return rate;
    }

    /// <summary>Acknowledged writes a second. Measured for long enough that a queue that fills slowly shows.</summary>
    private static async Task<double> RateAsync(DrillRun run, CancellationToken cancel)
    {
        long before = run.Ledger.Acknowledged;
        long started = Stopwatch.GetTimestamp();
        await run.LoadForAsync(Math.Max(4, run.Settings.Seconds), cancel);
        return (run.Ledger.Acknowledged - before) / Stopwatch.GetElapsedTime(started).TotalSeconds;
    }
}
