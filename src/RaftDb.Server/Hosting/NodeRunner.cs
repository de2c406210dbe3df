using System.Runtime.InteropServices;
using Microsoft.Extensions.Logging;
using RaftDb.Server.Options;

namespace RaftDb.Server.Hosting;

/// <summary>Runs nodes in this process until a signal or a failure ends them: one for `raftdb start`, several for `raftdb dev`.</summary>
internal static class NodeRunner
{
    /// <summary>Starts all nodes (together: a new cluster needs all of them), calls <paramref name="ready"/> once they have caught up, and stops them cleanly on SIGINT or SIGTERM.
    /// A second signal ends the process at once. Returns when all have stopped; the cause when one failed.</summary>
    public static async Task<Exception?> RunAsync(
        IReadOnlyList<NodeOptions> options, ILoggerFactory loggers, Func<IReadOnlyList<RaftDbNode>, Task> ready, CancellationToken cancel)
    {
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        int signals = 0;
        void OnSignal(PosixSignalContext context)
        {
            if (Interlocked.Increment(ref signals) == 1)
            {
                context.Cancel = true;
                stop.Cancel();
            }
        }

        using PosixSignalRegistration interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, OnSignal);
        using PosixSignalRegistration terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnSignal);
        List<Task<RaftDbNode>> starting = [.. options.Select(o => Task.Run(() => RaftDbNode.StartAsync(o, loggers, stop.Token)))];
        try
        {
            RaftDbNode[] nodes = await WhenAllOrFirstFailureAsync(starting, stop);
            Task caughtUp = Task.WhenAll(nodes.Select(n => n.CaughtUp));
            Task<Task<Exception>> anyFailed = Task.WhenAny(nodes.Select(n => n.Failed));
            Task stopped = Task.Delay(Timeout.Infinite, stop.Token);
            if (await Task.WhenAny(caughtUp, anyFailed, stopped) == caughtUp)
            {
                await ready(nodes);
                await Task.WhenAny(anyFailed, stopped);
            }

            // One after the other: each hands its ranges to a node that still runs.
            foreach (RaftDbNode node in nodes)
            {
                await node.StopAsync();
            }

            return anyFailed.IsCompleted ? await await anyFailed : null;
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            foreach (Task<RaftDbNode> started in starting.Where(s => s.IsCompletedSuccessfully))
            {
                await (await started).DisposeAsync();
            }

            return starting.Select(s => s.Exception?.InnerException).FirstOrDefault(e => e is not null and not OperationCanceledException);
        }
    }

    private static async Task<RaftDbNode[]> WhenAllOrFirstFailureAsync(List<Task<RaftDbNode>> starting, CancellationTokenSource stop)
    {
        List<Task<RaftDbNode>> left = [.. starting];
        while (left.Count > 0)
        {
            Task<RaftDbNode> done = await Task.WhenAny(left);
            left.Remove(done);
            if (!done.IsCompletedSuccessfully)
            {
                // The others would wait for this one for ever.
                await stop.CancelAsync();
                await Task.WhenAll(starting).ContinueWith(_ => { }, TaskScheduler.Default);
                throw new OperationCanceledException(stop.Token);
            }
        }

        return await Task.WhenAll(starting);
    }
}
