using System.Diagnostics;
using RaftDb.Client.Protocol;

namespace RaftDb.Cli.Drills;

/// <summary>What follower-catch-up and snapshot-gap share: a node is away while much is written, comes back and catches up.</summary>
internal abstract class AwayFollowerDrill : Drill
{
    protected const string SnapshotCounter = "raftdb_snapshots_received_total";

    protected abstract int DefaultWrites { get; }

    public override async Task RunAsync(DrillRun run, CancellationToken cancel)
    {
        int writes = run.Settings.Writes ?? DefaultWrites;
        for (int round = 1; round <= (run.Settings.Rounds ?? 1); round++)
        {
            // 1. The node that leads the least goes away.
            run.StartLoad();
            await run.LoadForAsync(run.Settings.Seconds, cancel);
            IReadOnlyList<RangeStatus> ranges = await run.View.RangesAsync(1, cancel);
            NodeProcess victim = run.Cluster.Nodes.MinBy(node => ranges.Count(range => range.Leader == node.Id))!;
            await run.Cluster.StopAsync(victim, cancel);
            long before = run.Ledger.Acknowledged;
            ulong witness = run.Cluster.Nodes.First(node => node != victim).Id;
            ulong commitBefore = Commits(await run.View.RangesAsync(witness, cancel));

            // 2. Much is written without it. Then the load ends, so that the way back has an end to be measured.
            await run.AcknowledgedAsync(before + writes, cancel);
            await run.StopLoadAsync();
            IReadOnlyList<RangeStatus> goal = await run.View.RangesAsync(witness, cancel);
            ulong missed = Commits(goal) - commitBefore;
            run.Progress.Step($"Round {round}: node {victim.Id} was away for {run.Ledger.Acknowledged - before} writes ({missed} log entries)");

            // 3. It comes back and catches up.
            long started = Stopwatch.GetTimestamp();
            run.Cluster.Start(victim);
            await run.Cluster.ReadyAsync([victim], TimeSpan.FromSeconds(120), cancel);
            TimeSpan ready = Stopwatch.GetElapsedTime(started);
            while (!await CaughtUp.HasAppliedAsync(run, victim, goal, cancel))
            {
                await Task.Delay(5, cancel);
            }

            TimeSpan applied = Stopwatch.GetElapsedTime(started);
            double snapshots = await run.View.CounterAsync(victim.Id, SnapshotCounter, cancel);
            run.Progress.Step(FormattableString.Invariant(
                $"Round {round}: back: ready after {ready.TotalSeconds:0.00} s, all applied after {applied.TotalSeconds:0.00} s ({missed / applied.TotalSeconds:0} entries/s), {snapshots:0} snapshots received"));
            run.Measured["entries_missed"] = missed;
            run.Measured["catch_up_seconds"] = Math.Round(applied.TotalSeconds, 3);
            run.Measured["entries_per_second"] = Math.Round(missed / applied.TotalSeconds, 1);
            run.Measured["snapshots_received"] = run.Measured.GetValueOrDefault("snapshots_received") + snapshots;
            if (missed == 0)
            {
                run.Fail("The node missed nothing, so there was nothing to catch up with.");
            }

            Judge(run, snapshots);
            run.Rounds = round;
        }
    }

    protected abstract void Judge(DrillRun run, double snapshotsReceived);

    private static ulong Commits(IReadOnlyList<RangeStatus> ranges) => ranges.Aggregate(0UL, (sum, range) => sum + range.Commit);
}
