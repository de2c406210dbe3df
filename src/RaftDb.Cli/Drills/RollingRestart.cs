using System.Diagnostics;

namespace RaftDb.Cli.Drills;

/// <summary>Every node in turn is stopped and started again, as an upgrade does it.</summary>
internal sealed class RollingRestart : Drill
{
    public override string Name => "rolling-restart";

    public override string Description => "Restarts every node in turn, cleanly, under load.";

    public override bool RetriesUnknownOutcomes => true;

    public override string Promise(DrillSettings settings) => "no request fails that a retry on another node doesn't mend";

    public override async Task RunAsync(DrillRun run, CancellationToken cancel)
    {
        run.StartLoad();
        for (int round = 1; round <= (run.Settings.Rounds ?? 1); round++)
        {
            foreach (NodeProcess node in run.Cluster.Nodes)
            {
                await run.LoadForAsync(run.Settings.Seconds, cancel);
                long started = Stopwatch.GetTimestamp();
                await run.Cluster.StopAsync(node, cancel);
                TimeSpan stopped = Stopwatch.GetElapsedTime(started);
                run.Cluster.Start(node);
                await run.Cluster.ReadyAsync([node], TimeSpan.FromSeconds(60), cancel);
                run.Progress.Step(FormattableString.Invariant(
                    $"Round {round}: node {node.Id} stopped in {stopped.TotalSeconds:0.00} s, ready again after {Stopwatch.GetElapsedTime(started).TotalSeconds:0.00} s; {run.Ledger.Acknowledged} writes so far"));
            }

            run.Rounds = round;
        }

        await run.LoadForAsync(run.Settings.Seconds, cancel);
        await run.StopLoadAsync();
        long failed = run.Ledger.Refused + run.Ledger.Unknown;
        run.Measured["failed_requests"] = failed;
        if (failed > 0)
        {
            run.Fail($"{failed} requests failed in spite of their retries.");
        }
    }
}
