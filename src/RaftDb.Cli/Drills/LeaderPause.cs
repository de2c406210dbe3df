using System.Diagnostics;
using RaftDb.Client.Protocol;

namespace RaftDb.Cli.Drills;

/// <summary>The leader's process stands still for longer than an election takes (SIGSTOP), and then goes on, believing it still leads.</summary>
internal sealed class LeaderPause : Drill
{
    private const int DefaultRounds = 3;

    // Twice the longest election timeout.
    private const double DefaultMaxMs = 4000;

    public override string Name => "leader-pause";

    public override string Description => "Pauses the leader's process past an election, then lets it go on, under load.";

    public override string Promise(DrillSettings settings) => FormattableString.Invariant(
        $"no linearizable read goes back, on no node; writes go on after at most {settings.MaxMs ?? DefaultMaxMs:0} ms");

    public override async Task RunAsync(DrillRun run, CancellationToken cancel)
    {
        run.StartLoad();
        for (int round = 1; round <= (run.Settings.Rounds ?? DefaultRounds); round++)
        {
            (NodeProcess victim, IReadOnlyList<RangeStatus> led) = await run.BusiestLeaderAsync(cancel);
            ulong witness = run.Cluster.Nodes.First(node => node != victim).Id;
            int writer = run.WritersOf(led[0]) is [int first, ..] ? first : 0;
            RegisterCheck check = new();
            await using (RegisterLoad register = new($"{DrillKeys.Register(writer)[..^9]}{round}.register", run.Cluster, check))
            {
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
            }

            run.Rounds = round;
            run.Measured["register_reads"] = run.Measured.GetValueOrDefault("register_reads") + check.Reads;
            run.Measured["stale_reads"] = run.Measured.GetValueOrDefault("stale_reads") + check.Violations.Count;
            foreach (string violation in check.Violations.Take(5))
            {
                run.Fail(violation);
            }

            if (check.Reads < 100)
            {
                run.Fail($"Only {check.Reads} reads of the register were answered in round {round}: too few to prove anything.");
            }
        }

        run.ExpectGaps(run.Settings.MaxMedianMs ?? DefaultMaxMs, run.Settings.MaxMs ?? DefaultMaxMs);
    }
}
