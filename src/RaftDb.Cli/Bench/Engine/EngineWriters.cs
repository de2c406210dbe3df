using System.Diagnostics;
using RaftDb.Server.Replicas;

namespace RaftDb.Cli.Bench.Engine;

/// <summary>Proposes in the leader's own process: so many writers, each with one entry at a time, each waiting until its entry is committed and applied.</summary>
internal sealed class EngineWriters(EngineNode node, int entryBytes)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <summary>Runs until told to stop, and counts what begins after the warm-up.</summary>
    /// <param name="writers">How many.</param>
    /// <param name="warmUp">Not counted.</param>
    /// <param name="time">Counted.</param>
    /// <param name="measuring">Called when the warm-up is over.</param>
    public async Task<EngineRun> RunAsync(int writers, TimeSpan warmUp, TimeSpan time, Action measuring)
    {
        Writer[] all = [.. Enumerable.Range(0, writers).Select(_ => new Writer(node, entryBytes))];
        Task running = Task.WhenAll(all.Select(writer => Task.Run(writer.RunAsync)));
        await Task.WhenAny(running, Task.Delay(warmUp));
        long commands = node.Machine.Commands;
        long begun = Stopwatch.GetTimestamp();
        foreach (Writer writer in all)
        {
            writer.Measure();
        }

        measuring();
        await Task.WhenAny(running, Task.Delay(time));
        long entries = node.Machine.Commands - commands;
        TimeSpan elapsed = Stopwatch.GetElapsedTime(begun);
        foreach (Writer writer in all)
        {
            writer.Stop();
        }

        await running;
        LatencyHistogram latencies = new();
        foreach (Writer writer in all)
        {
            latencies.Add(writer.Latencies);
        }

        return new()
        {
            Writers = writers,
            Entries = entries,
            Seconds = elapsed.TotalSeconds,
            P50Ms = latencies.PercentileMilliseconds(0.5),
            P99Ms = latencies.PercentileMilliseconds(0.99),
            Errors = all.Sum(writer => writer.Errors),
        };
    }

    private sealed class Writer(EngineNode node, int entryBytes)
    {
        private volatile bool _isMeasuring;
        private volatile bool _stops;

        public LatencyHistogram Latencies { get; } = new();

        public long Errors { get; private set; }

        public void Measure() => _isMeasuring = true;

        public void Stop() => _stops = true;

        public async Task RunAsync()
        {
            while (!_stops)
            {
                bool counts = _isMeasuring;
                long started = Stopwatch.GetTimestamp();
                ProposalResult result = await node.Replica.ProposeAsync(new byte[entryBytes], AckMode.Quorum, node.Clock.Now + Patience);
                if (result.Status != ProposalStatus.Applied)
                {
                    Errors++;
                    if (!node.Replica.Leadership.IsLeader)
                    {
                        // It will not lead again in this run's time: somebody else does.
                        return;
                    }
                }
                else if (counts)
                {
                    Latencies.Record((long)Stopwatch.GetElapsedTime(started).TotalNanoseconds);
                }
            }
        }
    }
}
