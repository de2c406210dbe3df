using System.Diagnostics;
using RaftDb.Client.Protocol;

namespace RaftDb.Cli.Drills;

/// <summary>The tour: three nodes, 10,000 keys, the leader is killed and comes back, nothing is lost.</summary>
internal sealed class Quickstart : Drill
{
    private const int DefaultWrites = 10_000;

    public override string Name => "quickstart";

    public override string Description => "A tour: three nodes, 10,000 keys, a killed leader, and nothing lost.";

    public override string Promise(DrillSettings settings) => "writes go on without the leader, and every replica has every acknowledged key";

    public override async Task RunAsync(DrillRun run, CancellationToken cancel)
    {
        // 1. Write.
        long started = Stopwatch.GetTimestamp();
        run.StartLoad();
        await run.AcknowledgedAsync(run.Settings.Writes ?? DefaultWrites, cancel);
        run.Progress.Step(FormattableString.Invariant(
            $"{run.Ledger.Acknowledged} keys are written, by {run.Settings.Writers} writers, in {Stopwatch.GetElapsedTime(started).TotalSeconds:0.00} s"));

        // 2. Kill the leader; the writers go on.
        (NodeProcess victim, IReadOnlyList<RangeStatus> led) = await run.BusiestLeaderAsync(cancel);
        ulong witness = run.Cluster.Nodes.First(node => node != victim).Id;
        long fault = Stopwatch.GetTimestamp();
        await run.Cluster.KillAsync(victim, cancel);
        run.Progress.Step($"Killed node {victim.Id}, the leader of {led.Count} of {run.Settings.Ranges} ranges; the writers go on");
        await run.LedAnewAsync(led, witness, TimeSpan.FromSeconds(15), cancel);
        await run.WritesResumeAsync(led, fault, TimeSpan.FromSeconds(15), cancel);
        await run.LoadForAsync(run.Settings.Seconds, cancel);
        run.Progress.Step($"Its ranges have new leaders; without writes were {run.MeasureGaps(led, fault)}; now {run.Ledger.Acknowledged} keys");

        // 3. Read on every replica that is left.
        foreach (NodeProcess node in run.Cluster.Nodes.Where(node => node != victim))
        {
            long read = Stopwatch.GetTimestamp();
            int count = (await run.View.ReadAllAsync(node.Id, cancel)).Count;
            run.Progress.Step(FormattableString.Invariant(
                $"Read {count} keys on node {node.Id}'s own replicas in {Stopwatch.GetElapsedTime(read).TotalSeconds:0.00} s"));
        }

        // 4. The old leader comes back.
        long restarted = Stopwatch.GetTimestamp();
        run.Cluster.Start(victim);
        await run.Cluster.ReadyAsync([victim], TimeSpan.FromSeconds(60), cancel);
        await run.StopLoadAsync();
        run.Progress.Step(FormattableString.Invariant($"Node {victim.Id} is back and ready after {Stopwatch.GetElapsedTime(restarted).TotalSeconds:0.00} s"));
        run.Rounds = 1;
    }
}
