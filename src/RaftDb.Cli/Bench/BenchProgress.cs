using System.Diagnostics;
using RaftDb.Cli.Output;

namespace RaftDb.Cli.Bench;

/// <summary>Tells somebody at a terminal every second what the load does: a line each, so that a dip stays to be seen.</summary>
internal sealed class BenchProgress(BenchClient[] clients, Progress progress, bool measures) : IDisposable
{
    private readonly PeriodicTimer _timer = new(TimeSpan.FromSeconds(1));
    private readonly long _begun = Stopwatch.GetTimestamp();
    private LatencyHistogram _seen = new();
    private long _done;
    private volatile bool _measures = measures;

    /// <summary>The warm-up is over.</summary>
    public void Measures() => _measures = true;

    /// <summary>Until the load ends.</summary>
    public async Task RunAsync(Task load)
    {
        if (!progress.IsLive)
        {
            return;
        }

        long before = Stopwatch.GetTimestamp();
        while (true)
        {
            Task<bool> tick = _timer.WaitForNextTickAsync().AsTask();
            if (await Task.WhenAny(load, tick) == load)
            {
                return;
            }

            long now = Stopwatch.GetTimestamp();
            progress.Step(Line(Stopwatch.GetElapsedTime(before, now)));
            before = now;
        }
    }

    public void Dispose() => _timer.Dispose();

    private string Line(TimeSpan since)
    {
        long done = clients.Sum(client => client.Done);
        LatencyHistogram all = new();
        foreach (BenchClient client in clients)
        {
            all.Add(client.Latencies);
        }

        LatencyHistogram second = all.Since(_seen);
        string line = FormattableString.Invariant($"{Stopwatch.GetElapsedTime(_begun).TotalSeconds,5:0} s  {(done - _done) / since.TotalSeconds,10:0}/s  ")
            + (second.Count > 0 ? FormattableString.Invariant($"p99 {second.PercentileMilliseconds(0.99),8:0.00} ms") : "p99        –   ")
            + FormattableString.Invariant($"  {clients.Sum(client => client.Failed)} errors{(_measures ? "" : "  (warm-up)")}");
        (_done, _seen) = (done, all);
        return line;
    }
}
