using System.Diagnostics;
using RaftDb.Cli.Output;
using RaftDb.Client;

namespace RaftDb.Cli.Bench;

/// <summary>A benchmark from start to end.</summary>
internal static class BenchRun
{
    /// <summary>How long requests under way at the end may still take.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(5);

    public static async Task<BenchReport> RunAsync(
        RaftDbClient client, Endpoint fallback, BenchSettings settings, Progress progress, CancellationToken cancel)
    {
        // 1. Find out who leads.
        LeaderFinder leaders = new(client, fallback);
        await leaders.RefreshAsync(cancel);

        // 2. Reads need something to read.
        if (settings.Workload != "write" && !settings.NoLoad)
        {
            await BenchLoader.LoadAsync(client, settings, progress, cancel);
        }

        // 3. All clients at once, first unmeasured, then until the time is up.
        BenchClient[] clients = [.. Enumerable.Range(0, settings.Clients).Select(number => new BenchClient(settings, Target(client, leaders, settings, number), number))];
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        using CancellationTokenSource abort = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        TimeSpan warmUp = TimeSpan.FromSeconds(settings.WarmUpSeconds);
        long begun = Stopwatch.GetTimestamp();
        stop.CancelAfter(warmUp + TimeSpan.FromSeconds(settings.Seconds));
        abort.CancelAfter(warmUp + TimeSpan.FromSeconds(settings.Seconds) + Grace);
        try
        {
            Task all = Task.WhenAll(clients.Select(one => Task.Run(() => one.RunAsync(stop.Token, abort.Token), CancellationToken.None)));
            Task showing = ShowAsync(clients, all, begun, progress);
            await Task.WhenAny(all, Task.Delay(warmUp, cancel));
            long started = Stopwatch.GetTimestamp();
            foreach (BenchClient one in clients)
            {
                one.Measure();
            }

            await showing;
            await all;
            progress.End();

            // 4. Sum up.
            return BenchReport.Of(settings, leaders.Map, clients, Stopwatch.GetElapsedTime(started));
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            throw new RefusedException("unavailable: requests were still unanswered 5 s after the end. Look at `raftdb status`.");
        }
        finally
        {
            foreach (BenchClient one in clients)
            {
                one.Dispose();
            }
        }
    }

    private static IBenchTarget Target(RaftDbClient client, LeaderFinder leaders, BenchSettings settings, int number) =>
        settings.Protocol == "http" ? new HttpTarget(settings, leaders, number) : new ClientTarget(settings, client, number);

    private static async Task ShowAsync(BenchClient[] clients, Task all, long started, Progress progress)
    {
        long before = 0;
        using PeriodicTimer timer = new(TimeSpan.FromSeconds(1));
        while (progress.IsLive && !all.IsCompleted)
        {
            await Task.WhenAny(all, timer.WaitForNextTickAsync().AsTask());
            long now = clients.Sum(client => client.Done);
            progress.Live($"{Stopwatch.GetElapsedTime(started).TotalSeconds:0} s: {now} done, {now - before} in the last second");
            before = now;
        }
    }
}
