using System.Diagnostics;
using RaftDb.Cli.Output;
using RaftDb.Client;

namespace RaftDb.Cli.Bench;

/// <summary>A benchmark from start to end.</summary>
internal static class BenchRun
{
    /// <summary>How long requests under way at the end may still take. What isn't answered then is an error.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(5);

    public static async Task<BenchReport> RunAsync(
        RaftDbClient client, Endpoint fallback, BenchSettings settings, Progress progress, CancellationToken cancel)
    {
        // 1. Find out who leads.
        LeaderFinder leaders = new(client, fallback);
        await leaders.RefreshAsync(cancel);

        // 2. Reads need something to read.
        if (settings.Reads && !settings.NoLoad)
        {
            await BenchLoader.LoadAsync(client, settings, progress, cancel);
        }

        // 3. All clients at once, first unmeasured, then until the time is up or everything is done.
        SuccessGap gap = new();
        BenchQuota quota = new(settings.Operations is { } operations ? (operations + settings.OperationsPerRequest - 1) / settings.OperationsPerRequest : null);
        BenchClient[] clients =
        [
            .. Enumerable.Range(0, settings.Clients * settings.Pipeline)
                .Select(number => new BenchClient(settings, Target(client, leaders, settings, number), gap, quota, number)),
        ];
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        using CancellationTokenSource abort = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        TimeSpan warmUp = TimeSpan.FromSeconds(settings.WarmUpSeconds);
        if (settings.Operations is null)
        {
            stop.CancelAfter(warmUp + TimeSpan.FromSeconds(settings.Seconds));
            abort.CancelAfter(warmUp + TimeSpan.FromSeconds(settings.Seconds) + Grace);
        }

        using CancellationTokenRegistration ends = stop.Token.Register(() => gap.End(Stopwatch.GetTimestamp()));
        try
        {
            long started = warmUp == TimeSpan.Zero ? Measure(clients, gap) : Stopwatch.GetTimestamp();
            Task all = Task.WhenAll(clients.Select(one => Task.Run(() => one.RunAsync(stop.Token, abort.Token), CancellationToken.None)));
            using BenchProgress display = new(clients, progress, measures: warmUp == TimeSpan.Zero);
            Task showing = display.RunAsync(all);
            if (warmUp > TimeSpan.Zero)
            {
                await Task.WhenAny(all, Task.Delay(warmUp, cancel));
                started = Measure(clients, gap);
                display.Measures();
            }

            await all;
            long ended = Stopwatch.GetTimestamp();
            gap.End(ended);
            await showing;
            cancel.ThrowIfCancellationRequested();

            // 4. Sum up.
            return BenchReport.Of(settings, leaders.Map, clients, gap, Stopwatch.GetElapsedTime(started, ended));
        }
        finally
        {
            foreach (BenchClient one in clients)
            {
                one.Dispose();
            }
        }
    }

    private static long Measure(BenchClient[] clients, SuccessGap gap)
    {
        long now = Stopwatch.GetTimestamp();
        gap.Begin(now);
        foreach (BenchClient one in clients)
        {
            one.Measure();
        }

        return now;
    }

    private static IBenchTarget Target(RaftDbClient client, LeaderFinder leaders, BenchSettings settings, int number) =>
        settings.Protocol == "http" ? new HttpTarget(settings, leaders, number) : new ClientTarget(settings, client, number);
}
