using Microsoft.Extensions.Logging;
using RaftDb.Server.Transport;
using RaftDb.Storage;
using RaftDb.Storage.Binlog;

namespace RaftDb.Server.Replicas;

/// <summary>Owns the threads that drive a node's replicas: a few loops, a few threads for applies, and the background. Replicas themselves own none, so that a
/// simulator can drive the very same ones in one thread.</summary>
internal sealed class ReplicaScheduler : IDisposable
{
    private readonly ILogger _log;
    private readonly NodeBinlog _binlog;
    private readonly Action<Exception> _fail;
    private readonly ReplicaLoop[] _loops;
    private readonly Thread[] _appliers;
    private readonly ApplyQueue _applies = new();
    private readonly CancellationTokenSource _stopping = new();
    private readonly Lock _backgroundGate = new();
    private readonly HashSet<Task> _background = [];
    private bool _stopped;

    public ReplicaScheduler(
        int loops, int appliers, INodeClock clock, NodeBinlog binlog, ITransport transport, ILogger log, Action<Exception> fail)
    {
        _log = log;
        _binlog = binlog;
        _fail = fail;
        _loops = [.. Enumerable.Range(0, loops).Select(i => new ReplicaLoop($"raftdb-loop-{i}", clock, binlog, transport, fail))];
        _appliers = [.. Enumerable.Range(0, appliers).Select(i => new Thread(RunApplies) { Name = $"raftdb-apply-{i}", IsBackground = true })];
    }

    public void Start()
    {
        _binlog.AroundCompletions = complete =>
        {
            using (LendWriter())
            {
                complete();
            }
        };
        _binlog.RoundEnded = () =>
        {
            using (LendWriter())
            {
                foreach (ReplicaLoop loop in _loops)
                {
                    loop.DiskIsFree();
                }
            }
        };
        foreach (ReplicaLoop loop in _loops)
        {
            loop.Start();
        }

        foreach (Thread applier in _appliers)
        {
            applier.Start();
        }
    }

    public void Wake(Replica replica) => LoopOf(replica.Range).Wake(replica);

    public void WakeAfterDisk(Replica replica) => LoopOf(replica.Range).WakeAfterDisk(replica);

    /// <summary>Once the node stops this does nothing: what is not applied then is applied from the log at the next start.</summary>
    public void ScheduleApply(ApplyPipeline pipeline)
    {
        if (!pipeline.IsSmall || !LentThread.TryRunLater(this, pipeline))
        {
            _applies.Add(pipeline);
        }
    }

    /// <summary>Applies on the calling thread, which is lent for that.</summary>
    public void RunApply(ApplyPipeline pipeline)
    {
        try
        {
            pipeline.RunLent();
        }
        catch (Exception e)
        {
            _fail(e);
        }
    }

    public void RunInBackground(string what, Func<CancellationToken, Task> work)
    {
        lock (_backgroundGate)
        {
            if (_stopped)
            {
                return;
            }

            Task task = Task.Run(() => RunGuardedAsync(what, work));
            _background.Add(task);
            task.ContinueWith(
                done =>
                {
                    lock (_backgroundGate)
                    {
                        _background.Remove(done);
                    }
                },
                TaskScheduler.Default);
        }
    }

    /// <summary>Stops all threads, in the order of the flow: loops, applies, background.</summary>
    public void Dispose()
    {
        Task[] background;
        lock (_backgroundGate)
        {
            if (_stopped)
            {
                return;
            }

            _stopped = true;
            background = [.. _background];
        }

        foreach (ReplicaLoop loop in _loops)
        {
            loop.Stop();
        }

        _applies.Stop();
        foreach (Thread applier in _appliers)
        {
            if (applier.IsAlive && applier != Thread.CurrentThread)
            {
                applier.Join();
            }
        }

        _stopping.Cancel();
        Task.WaitAll(background);
        _stopping.Dispose();
    }

    /// <summary>The binlog's writer has nothing better to do than the passes that will bring it more to write, unless that has come already.</summary>
    private LentThread.Scope LendWriter() => _binlog.IsIdle ? LentThread.Lend(passesOnly: true) : default;

    private ReplicaLoop LoopOf(RangeId range) => _loops[(int)(range.Value % (ulong)_loops.Length)];

    private void RunApplies()
    {
        try
        {
            ThreadSignal signal = new();
            while (_applies.Take(signal) is { } pipeline)
            {
                pipeline.Run();
            }
        }
        catch (Exception e)
        {
            _fail(e);
        }
    }

    private async Task RunGuardedAsync(string what, Func<CancellationToken, Task> work)
    {
        try
        {
            await work(_stopping.Token);
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
            _log.LogDebug("Stopped: {What}", what);
        }
        catch (IOException e)
        {
            _log.LogWarning(e, "Failed, to be tried again when needed: {What}", what);
        }
        catch (Exception e)
        {
            _fail(e);
        }
    }
}
