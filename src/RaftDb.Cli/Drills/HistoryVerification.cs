using System.Globalization;
using RaftDb.Cli.Drills.Histories;
using RaftDb.Client;

namespace RaftDb.Cli.Drills;

/// <summary>The end of every drill with a history: all keys are read on all nodes once more, and the whole history is checked.</summary>
internal static class HistoryVerification
{
    private const int SayAtMost = 5;

    /// <summary>What a last write lost would not show without: linearizable reads of everything, everywhere.</summary>
    public static async Task ReadEverywhereAsync(DrillRun run, CancellationToken cancel)
    {
        HistoryRecorder recorder = run.Recorder;
        IReadOnlyList<string> keys = [.. recorder.Ended().Keys];
        foreach (NodeProcess node in run.Cluster.Nodes)
        {
            HistoryClient client = new(run.NextClient(1), run.View.ClientOf(node.Id), recorder);
            ReadOptions options = new() { Consistency = "linearizable", Replica = node.Id.ToString(CultureInfo.InvariantCulture) };
            long before = recorder.Reads(ReadPromise.Linearizable);
            foreach (string key in keys)
            {
                await client.ReadAsync(key, options, cancel);
            }

            long failed = keys.Count - (recorder.Reads(ReadPromise.Linearizable) - before);
            if (failed > 0)
            {
                run.Fail($"{failed} of {keys.Count} keys could not be read on node {node.Id} after everything had healed.");
            }
        }
    }

    /// <returns>How many keys broke a promise.</returns>
    public static async Task<int> CheckAsync(DrillRun run)
    {
        History history = run.Recorder.Ended();
        HistoryReport report = await Task.Run(() => HistoryChecker.Check(history));
        foreach (KeyFinding finding in report.Findings.Take(SayAtMost))
        {
            string file = Path.Combine(run.Cluster.Location, $"history-{finding.Key}.txt");
            File.WriteAllLines(file, [finding.Explanation, "", .. HistoryText.Lines(history[finding.Key], System.Diagnostics.Stopwatch.Frequency / 1000.0)]);
            run.Fail($"{finding.Explanation.Split('\n')[0].TrimEnd('\r', ':')}. Its history is in {file}");
        }

        if (report.Findings.Count > SayAtMost)
        {
            run.Fail($"{report.Findings.Count} keys in all are not good.");
        }

        run.Measured["history_keys"] = report.Keys;
        run.Measured["history_operations"] = report.Operations;
        foreach (ReadPromise promise in Enum.GetValues<ReadPromise>())
        {
            run.Measured[$"reads_{promise.ToString().ToLowerInvariant()}"] = run.Recorder.Reads(promise);
        }

        run.Progress.Step(report.Findings.Count == 0
            ? $"The history of {report.Operations} operations on {report.Keys} keys is linearizable; bounded, session and eventual reads kept their promises; {report.Unknown} outcomes unknown"
            : $"The history of {report.Operations} operations on {report.Keys} keys is NOT good on {report.Findings.Count} keys");
        return report.Findings.Count(finding => finding.Verdict == HistoryVerdict.NotLinearizable);
    }
}
