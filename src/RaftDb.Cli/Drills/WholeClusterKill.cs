using System.Diagnostics;

namespace RaftDb.Cli.Drills;

/// <summary>All nodes are killed at once and started again.</summary>
internal sealed class WholeClusterKill : Drill
{
    private const int DefaultRounds = 3;

    public override string Name => "whole-cluster-kill";

    public override string Description => "Kills all nodes at once under load, and starts them again.";

    public override string Promise(DrillSettings settings) => "every acknowledged write is there after the restart";

    public override async Task RunAsync(DrillRun run, CancellationToken cancel)
    {
        double slowest = 0;
        for (int round = 1; round <= (run.Settings.Rounds ?? DefaultRounds); round++)
        {
            run.StartLoad();
            await run.LoadForAsync(run.Settings.Seconds, cancel);
            foreach (NodeProcess node in run.Cluster.Nodes)
            {
                node.Signal(Signals.Kill);
            }

            // No new writes. What was under way ends with an unknown outcome, or is sent again to the restarted nodes where nothing was sent yet.
            Task stopped = run.StopLoadAsync();
            foreach (NodeProcess node in run.Cluster.Nodes)
            {
                await run.Cluster.KillAsync(node, cancel);
            }

            long started = Stopwatch.GetTimestamp();
            run.Cluster.StartAll();
            await run.Cluster.ReadyAsync(run.Cluster.Nodes, TimeSpan.FromSeconds(60), cancel);
            double ready = Stopwatch.GetElapsedTime(started).TotalSeconds;
            await stopped;
            slowest = Math.Max(slowest, ready);
            run.Rounds = round;
            run.Progress.Step(FormattableString.Invariant(
                $"Round {round}: killed all {run.Cluster.Nodes.Count} nodes; all ready again {ready:0.00} s after their start"));
        }

        run.Measured["slowest_ready_seconds"] = Math.Round(slowest, 3);
    }
}
