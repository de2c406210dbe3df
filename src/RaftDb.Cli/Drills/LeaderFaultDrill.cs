using System.Diagnostics;
using RaftDb.Client.Protocol;

namespace RaftDb.Cli.Drills;

/// <summary>What leader-kill and leader-stop share: round after round, the busiest leader goes away under load and comes back.</summary>
internal abstract class LeaderFaultDrill : Drill
{
    private const int DefaultRounds = 5;

    protected abstract double DefaultMaxMedianMs { get; }

    protected abstract double DefaultMaxMs { get; }

    protected abstract string Verb { get; }

    public override string Promise(DrillSettings settings) => FormattableString.Invariant(
        $"writes to the leader's ranges go on after at most {settings.MaxMedianMs ?? DefaultMaxMedianMs:0} ms (median) and {settings.MaxMs ?? DefaultMaxMs:0} ms (worst)");

    public override async Task RunAsync(DrillRun run, CancellationToken cancel)
    {
        run.StartLoad();
        for (int round = 1; round <= (run.Settings.Rounds ?? DefaultRounds); round++)
        {
            // 1. Load on a healthy cluster.
            await run.LoadForAsync(run.Settings.Seconds, cancel);
            (NodeProcess victim, IReadOnlyList<RangeStatus> led) = await run.BusiestLeaderAsync(cancel);
            ulong witness = run.Cluster.Nodes.First(node => node != victim).Id;

            // 2. The fault. The clock starts before it: what it takes is part of the gap.
            long fault = Stopwatch.GetTimestamp();
            await FaultAsync(run.Cluster, victim, cancel);
            await run.LedAnewAsync(led, witness, TimeSpan.FromSeconds(15), cancel);
            await run.WritesResumeAsync(led, fault, TimeSpan.FromSeconds(15), cancel);

            // 3. Some load without the node, so that a second gap soon after would show; then the measure.
            await run.LoadForAsync(run.Settings.Seconds, cancel);
            string gaps = run.MeasureGaps(led, fault);

            // 4. It comes back.
            long restarted = Stopwatch.GetTimestamp();
            run.Cluster.Start(victim);
            await run.Cluster.ReadyAsync([victim], TimeSpan.FromSeconds(60), cancel);
            run.Rounds = round;
            run.Progress.Step(FormattableString.Invariant(
                $"Round {round}: {Verb} node {victim.Id}, leader of {led.Count} ranges; {gaps}; back and ready {Stopwatch.GetElapsedTime(restarted).TotalSeconds:0.00} s after its start"));
        }

        run.ExpectGaps(run.Settings.MaxMedianMs ?? DefaultMaxMedianMs, run.Settings.MaxMs ?? DefaultMaxMs);
    }

    protected abstract Task FaultAsync(ClusterProcesses cluster, NodeProcess victim, CancellationToken cancel);
}
