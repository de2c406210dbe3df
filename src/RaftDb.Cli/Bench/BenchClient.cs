using System.Diagnostics;

namespace RaftDb.Cli.Bench;

/// <summary>One of the load generator's clients, or with `--pipeline` one of its places in flight: one request at a time.</summary>
internal sealed class BenchClient(BenchSettings settings, IBenchTarget target, SuccessGap gap, BenchQuota quota, int number) : IDisposable
{
    /// <summary>The code of a request that had no answer when the patience at the end was over.</summary>
    private const string Unanswered = "unanswered";

    private readonly Random _random = new((settings.Seed * 1_000_003) + number);
    private long _requests;
    private long _failed;
    private volatile bool _isMeasuring;

    /// <summary>Requests that counted. Written by the client alone; the progress display looks at it meanwhile, and may see it a request old.</summary>
    public LatencyHistogram Latencies { get; } = new();

    public SortedDictionary<string, long> Errors { get; } = new(StringComparer.Ordinal);

    /// <summary>Operations done, counted or not. Read by the progress display while the client runs.</summary>
    public long Done => Volatile.Read(ref _requests) * settings.OperationsPerRequest;

    /// <summary>Requests that failed. Read by the progress display too.</summary>
    public long Failed => Volatile.Read(ref _failed);

    /// <summary>What begins from now on counts. Errors count from the start.</summary>
    public void Measure() => _isMeasuring = true;

    /// <summary>Runs until told to stop; requests under way then are finished and count, but for one that is given up: that is an error.</summary>
    public async Task RunAsync(CancellationToken stop, CancellationToken abort)
    {
        try
        {
            await AskAsync(stop, abort);
        }
        catch (OperationCanceledException) when (abort.IsCancellationRequested)
        {
            Fail(Unanswered);
        }
    }

    public void Dispose() => target.Dispose();

    private async Task AskAsync(CancellationToken stop, CancellationToken abort)
    {
        while (!stop.IsCancellationRequested && quota.Take())
        {
            BenchOperation operation = Next();
            bool counts = _isMeasuring;
            int key = _random.Next(settings.Keys);
            long started = Stopwatch.GetTimestamp();
            if (await target.OneAsync(operation, key, abort) is { } code)
            {
                Fail(code);
                quota.GiveBack();
                continue;
            }

            long answered = Stopwatch.GetTimestamp();
            gap.Success(answered);
            if (counts)
            {
                Latencies.Record((long)Stopwatch.GetElapsedTime(started, answered).TotalNanoseconds);
            }

            Volatile.Write(ref _requests, _requests + 1);
        }
    }

    private void Fail(string code)
    {
        Errors[code] = Errors.GetValueOrDefault(code) + 1;
        Volatile.Write(ref _failed, _failed + 1);
    }

    private BenchOperation Next() => settings.Workload switch
    {
        "read" => BenchOperation.Read,
        "write" => BenchOperation.Write,
        "batch" => BenchOperation.Batch,
        "scan" => BenchOperation.Scan,
        _ => _random.NextDouble() < settings.ReadShare ? BenchOperation.Read : BenchOperation.Write,
    };
}
