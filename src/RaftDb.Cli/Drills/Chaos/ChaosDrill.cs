using System.Diagnostics;

namespace RaftDb.Cli.Drills.Chaos;

/// <summary>Everything at once, for minutes, from a seed: processes, network, leaderships; then the whole history of the clients is checked.</summary>
internal sealed class ChaosDrill : Drill
{
    private const int HistoryKeys = 300;

    public override string Name => "chaos";

    public override string Description => "Random kills, pauses, restarts, network faults and transfers for --minutes, from --seed.";

    public override bool BreaksLinks => true;

    /// <summary>Short logs, so that nodes come back by snapshot too.</summary>
    public override IEnumerable<string> NodeSettings =>
        ["Binlog:RetainedEntries=2000", "Binlog:RetainedBytes=262144", "Binlog:SegmentBytes=1048576"];

    public override string Promise(DrillSettings settings) =>
        "the history is linearizable, weaker reads keep their promises, replicas are equal at the end";

    public override double LimitSeconds(DrillSettings settings) => (settings.Minutes * 60) + 300;

    public override async Task RunAsync(DrillRun run, CancellationToken cancel)
    {
        // 1. A seed fixes which faults come in which order. It can't fix how the machine schedules threads, so a replay is alike and not the same.
        string replay = FormattableString.Invariant($"raftdb drill chaos --minutes {run.Settings.Minutes} --seed {run.Seed}");
        run.Progress.Step($"SEED={run.Seed}; once more: {replay}");
        run.Measured["seed"] = run.Seed;
        ProcessLane processes = new(run, run.Seed);
        LinkLane links = new(run, run.Seed + 1);
        TransferLane transfers = new(run, run.Seed + 2);

        // 2. Faults under load.
        run.StartHistoryLoad(HistoryKeys);
        long started = Stopwatch.GetTimestamp();
        TimeSpan length = TimeSpan.FromMinutes(run.Settings.Minutes);
        using (CancellationTokenSource lanes = CancellationTokenSource.CreateLinkedTokenSource(cancel))
        {
            List<Task> running = [.. ((ChaosLane[])[processes, links, transfers]).Select(lane => lane.RunAsync(started, length, lanes.Token))];
            while (running.Count > 0)
            {
                Task ended = await Task.WhenAny(running);
                running.Remove(ended);
                if (ended.IsFaulted)
                {
                    // The others must not go on without it, and must have healed before anybody looks.
                    await lanes.CancelAsync();
                    await Task.WhenAll(running).ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
                }

                await ended;
            }
        }

        // 3. All is well again; the load feels it, and ends.
        run.Cluster.Links!.Heal();
        await run.Cluster.ReadyAsync(run.Cluster.Nodes, TimeSpan.FromSeconds(120), cancel);
        await run.LoadForAsync(run.Settings.Seconds, cancel);
        await run.StopLoadAsync();
        run.Rounds = processes.Faults + links.Faults + transfers.Faults;
        run.Measured["process_faults"] = processes.Faults;
        run.Measured["link_faults"] = links.Faults;
        run.Measured["transfers"] = transfers.Faults - transfers.Refused;
    }
}
