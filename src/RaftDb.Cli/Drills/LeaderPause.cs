using System.Diagnostics;
using RaftDb.Client.Protocol;

namespace RaftDb.Cli.Drills;

/// <summary>The leader's process stands still for longer than an election takes (SIGSTOP), and then goes on, believing it still leads.</summary>
internal sealed class LeaderPause : Drill
{
    private const int DefaultRounds = 3;

    /// <summary>Few, so that each is written and read often around the pause.</summary>
    private const int HistoryKeys = 16;

    // Twice the longest election timeout.
    private const double DefaultMaxMs = 4000;

    public override string Name => "leader-pause";

    public override string Description => "Pauses the leader's process past an election, then lets it go on, under load.";

    public override string Promise(DrillSettings settings) => FormattableString.Invariant(
        $"the history is linearizable, also what the paused node answers afterwards; writes go on after at most {settings.MaxMs ?? DefaultMaxMs:0} ms");

    public override async Task RunAsync(DrillRun run, CancellationToken cancel)
    {
        run.StartLoad();
        run.StartHistoryLoad(HistoryKeys);
        for (int round = 1; round <= (run.Settings.Rounds ?? DefaultRounds); round++)
        {
            (NodeProcess victim, IReadOnlyList<RangeStatus> led) = await run.BusiestLeaderAsync(cancel);
            ulong witness = run.Cluster.Nodes.First(node => node != victim).Id;
            await run.LoadForAsync(run.Settings.Seconds, cancel);
            long fault = Stopwatch.GetTimestamp();
            victim.Signal(Signals.Stop);
            try
            {
                await Task.Delay(TimeSpan.FromSeconds(run.Settings.PauseSeconds), cancel);
                await run.LedAnewAsync(led, witness, TimeSpan.FromSeconds(10), cancel);
                await run.WritesResumeAsync(led, fault, TimeSpan.FromSeconds(10), cancel);
            }
            finally
            {
                victim.Signal(Signals.Continue);
            }

            await run.LoadForAsync(run.Settings.Seconds, cancel);
            string gaps = run.MeasureGaps(led, fault);
            run.Progress.Step(FormattableString.Invariant(
                $"Round {round}: paused node {victim.Id}, leader of {led.Count} ranges, for {run.Settings.PauseSeconds:0.0} s; {gaps}"));
            run.Rounds = round;
        }

        run.ExpectGaps(run.Settings.MaxMedianMs ?? DefaultMaxMs, run.Settings.MaxMs ?? DefaultMaxMs);
    }
}
