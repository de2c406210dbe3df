using System.Diagnostics;
using System.Runtime.InteropServices;
using RaftDb.Cli.Output;
using RaftDb.Client;
using RaftDb.Client.Protocol;

namespace RaftDb.Cli.Drills;

/// <summary>Runs a drill from start to end: cluster, drill, verification, verdict; and ends every process it started.</summary>
internal static class DrillRunner
{
    public static async Task<DrillReport> RunAsync(Drill drill, DrillSettings settings, Progress progress, CancellationToken cancel)
    {
        if (drill.Missing(settings) is { } missing)
        {
            throw new RefusedException($"The drill {drill.Name} can't run here: {missing}");
        }

        long started = Stopwatch.GetTimestamp();
        double limitSeconds = settings.LimitSeconds ?? drill.LimitSeconds(settings);
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(TimeSpan.FromSeconds(limitSeconds));
        await using ClusterProcesses cluster = new(settings, drill.NodeSettings);

        // The terminal hanging up must not leave processes behind either.
        using PosixSignalRegistration hangup = PosixSignalRegistration.Create(PosixSignal.SIGHUP, context =>
        {
            context.Cancel = true;
            limit.Cancel();
        });
        await using DrillRun run = new(drill, settings, cluster, progress);
        Verdict verdict = new();
        try
        {
            // 1. A fresh cluster, and the drill itself.
            drill.Prepare(settings, cluster);
            await run.StartClusterAsync(limit.Token);
            await drill.RunAsync(run, limit.Token);

            // 2. Everything is held against what the writers were told.
            await run.StopLoadAsync();
            verdict = await VerifyAsync(run, limit.Token);
            await cluster.StopAllAsync(limit.Token);
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            run.Fail($"It was not done within {limitSeconds:0} s (--limit-seconds).");
        }
        catch (Exception failure) when (failure is RefusedException or RaftDbException)
        {
            run.Fail(failure.Message);
        }

        // 3. The verdict.
        long acknowledged = run.Ledger.Acknowledged + run.Recorder.Written;
        if (acknowledged < settings.MinAcknowledged)
        {
            run.Fail($"Only {acknowledged} writes were acknowledged: fewer than {settings.MinAcknowledged} prove nothing.");
        }

        DrillReport report = Report(drill, run, verdict, Stopwatch.GetElapsedTime(started));
        if (!report.Passed)
        {
            cluster.Keep = true;
            progress.Step($"The nodes' data and diagnostics are kept in {cluster.Location}");
        }

        progress.End();
        return report;
    }

    private static async Task<Verdict> VerifyAsync(DrillRun run, CancellationToken cancel)
    {
        await run.View.ConvergedAsync(TimeSpan.FromSeconds(60), cancel);
        int badKeys = 0;
        if (!run.Recorder.IsEmpty)
        {
            await HistoryVerification.ReadEverywhereAsync(run, cancel);
            badKeys = await HistoryVerification.CheckAsync(run);
        }

        Dictionary<ulong, IReadOnlyDictionary<string, string>> replicas = [];
        foreach (NodeProcess node in run.Cluster.Nodes)
        {
            replicas.Add(node.Id, await run.View.ReadAllAsync(node.Id, cancel));
        }

        foreach (string failure in run.Counters?.Check(replicas) ?? [])
        {
            run.Fail(failure);
        }

        Verdict verdict = Verifier.Check(run.Ledger, replicas);
        foreach (string failure in verdict.Failures)
        {
            run.Fail(failure);
        }

        int equal = 0;
        foreach (RangeStatus range in await run.View.RangesAsync(1, cancel))
        {
            if (await run.View.WhyDigestsDifferAsync(range.Id, cancel) is { } why)
            {
                run.Fail(why);
            }
            else
            {
                equal++;
            }
        }

        run.Measured["ranges_with_equal_digests"] = equal;
        run.Progress.Step(
            $"Verified {verdict.Checked} writes on {replicas.Count} replicas: {verdict.Lost} lost; of {verdict.UnknownPresent + verdict.UnknownAbsent} unknown outcomes {verdict.UnknownPresent} are there; digests of {equal} ranges are equal");
        return verdict with { Lost = verdict.Lost + badKeys };
    }

    private static DrillReport Report(Drill drill, DrillRun run, Verdict verdict, TimeSpan elapsed)
    {
        SortedDictionary<string, long> errors = new(StringComparer.Ordinal);
        for (int writer = 0; writer < run.Ledger.Writers; writer++)
        {
            foreach ((string code, long count) in run.Ledger[writer].Errors())
            {
                errors[code] = errors.GetValueOrDefault(code) + count;
            }
        }

        foreach ((string code, long count) in run.Recorder.Errors())
        {
            errors[code] = errors.GetValueOrDefault(code) + count;
        }

        return new()
        {
            Drill = drill.Name,
            Passed = run.Failures.Count == 0,
            Acknowledged = run.Ledger.Acknowledged + run.Recorder.Written,
            Lost = verdict.Lost,
            Unknown = run.Ledger.Unknown + run.Recorder.Unknown,
            UnknownPresent = verdict.UnknownPresent,
            UnknownAbsent = verdict.UnknownAbsent,
            Refused = run.Ledger.Refused + run.Recorder.Failed,
            Rounds = run.Rounds,
            GapMs = run.Gaps.Count == 0
                ? null
                : new(Math.Round(GapMeter.Median(run.Gaps), 1), Math.Round(run.Gaps.Max(), 1), run.Gaps.Count),
            LeaderChanges = run.LeaderChanges,
            Nodes = run.Settings.Nodes,
            Writers = run.Settings.Writers,
            Ranges = run.Settings.Ranges,
            Seconds = Math.Round(elapsed.TotalSeconds, 2),
            Promise = drill.Promise(run.Settings),
            Errors = errors,
            Measured = run.Measured,
            Failures = run.Failures,
        };
    }
}
