using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using RaftDb.Server.Api.Resp.Commands;

namespace RaftDb.Server.Api.Resp;

/// <summary>What the RESP interface counts. Counted by hand and shown when somebody looks: a command may take less time than an instrument. Any thread.</summary>
internal sealed class RespMetrics
{
    private static readonly double[] Buckets = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

    private readonly long[] _answered = new long[CommandTable.All.Count];
    private readonly ConcurrentDictionary<(string Command, string Kind), long> _failed = new();
    private readonly Histogram<double> _duration;
    private long _accepted;
    private long _refused;
    private int _open;

    public RespMetrics(Meter meter)
    {
        meter.CreateObservableCounter("resp.commands", Answers, null, "RESP commands answered without an error, by command.");
        meter.CreateObservableCounter("resp.errors", Failures, null, "RESP commands answered with an error, by command and kind of error.");
        meter.CreateObservableCounter("resp.connections.accepted", () => Volatile.Read(ref _accepted), null, "RESP connections accepted.");
        meter.CreateObservableCounter("resp.connections.refused", () => Volatile.Read(ref _refused), null, "RESP connections refused because there were too many.");
        meter.CreateObservableGauge("resp.connections", () => (long)Volatile.Read(ref _open), null, "RESP connections that are open.");
        _duration = meter.CreateHistogram(
            "resp.batch.duration",
            "s",
            "How long it took to run the commands that came together on a RESP connection.",
            advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = Buckets });
    }

    /// <summary>Connections that are open.</summary>
    public int Open => Volatile.Read(ref _open);

    /// <summary>Connections since the start.</summary>
    public long Accepted => Volatile.Read(ref _accepted);

    /// <summary>Commands since the start.</summary>
    public long Commands => _answered.Sum() + _failed.Values.Sum();

    /// <summary>A connection has come; false when there are too many now, so that it must go.</summary>
    public bool TryOpen(int most)
    {
        if (Interlocked.Increment(ref _open) <= most)
        {
            Interlocked.Increment(ref _accepted);
            return true;
        }

        Interlocked.Decrement(ref _open);
        Interlocked.Increment(ref _refused);
        return false;
    }

    /// <summary>A connection has gone.</summary>
    public void Close() => Interlocked.Decrement(ref _open);

    /// <summary>A command was answered.</summary>
    /// <param name="command">Null for one that is not known.</param>
    /// <param name="error">The error that it was answered with.</param>
    public void Answered(RespCommand? command, string? error)
    {
        if (error is null)
        {
            Interlocked.Increment(ref _answered[command!.Number]);
            return;
        }

        int blank = error.IndexOf(' ', StringComparison.Ordinal);
        _failed.AddOrUpdate((command?.Name ?? "unknown", blank < 0 ? error : error[..blank]), 1, (_, count) => count + 1);
    }

    /// <summary>The commands that came together are answered.</summary>
    public void Ran(TimeSpan duration) => _duration.Record(duration.TotalSeconds);

    private IEnumerable<Measurement<long>> Answers()
    {
        foreach (RespCommand command in CommandTable.All)
        {
            long count = Volatile.Read(ref _answered[command.Number]);
            if (count > 0)
            {
                yield return new(count, new KeyValuePair<string, object?>("command", command.Name.ToLowerInvariant()));
            }
        }
    }

    private IEnumerable<Measurement<long>> Failures() => _failed.Select(pair => new Measurement<long>(
        pair.Value, new("command", pair.Key.Command.ToLowerInvariant()), new KeyValuePair<string, object?>("kind", pair.Key.Kind)));
}
