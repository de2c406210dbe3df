using System.Diagnostics;

namespace RaftDb.Cli.Bench;

/// <summary>One of the load generator's clients: one request at a time.</summary>
internal sealed class BenchClient(BenchSettings settings, IBenchTarget target, int number) : IDisposable
{
    private readonly Random _random = new((settings.Seed * 1_000_003) + number);
    private long _done;
    private volatile bool _isMeasuring;

    public LatencyHistogram Latencies { get; } = new();

    public SortedDictionary<string, long> Errors { get; } = new(StringComparer.Ordinal);

    /// <summary>Read by the progress display while the client runs.</summary>
    public long Done => Volatile.Read(ref _done);

    /// <summary>What begins from now on counts. Errors count from the start.</summary>
    public void Measure() => _isMeasuring = true;

    /// <summary>Runs until told to stop; requests under way then are finished and count.</summary>
    public async Task RunAsync(CancellationToken stop, CancellationToken abort)
    {
        while (!stop.IsCancellationRequested)
        {
            bool read = settings.Workload switch
            {
                "read" => true,
                "write" => false,
                _ => _random.NextDouble() < settings.ReadShare,
            };
            bool counts = _isMeasuring;
            int key = _random.Next(settings.Keys);
            long started = Stopwatch.GetTimestamp();
            if (await target.OneAsync(read, key, abort) is { } code)
            {
                Errors[code] = Errors.GetValueOrDefault(code) + 1;
                continue;
            }

            if (counts)
            {
                Latencies.Record((long)Stopwatch.GetElapsedTime(started).TotalNanoseconds);
            }

            Volatile.Write(ref _done, _done + 1);
        }
    }

    public void Dispose() => target.Dispose();
}
