using RaftDb.Storage;

namespace RaftDb.Server.Replicas;

/// <summary>Pipelines that have something to apply, first come first served. A thread that finds none sleeps at once: on a machine whose processors are busy, spinning for
/// the next one takes from those who would bring it. Thread-safe.</summary>
internal sealed class ApplyQueue
{
    private readonly Lock _gate = new();
    private readonly Queue<ApplyPipeline> _waiting = [];
    private readonly Stack<ThreadSignal> _idle = [];
    private bool _stopped;

    public void Add(ApplyPipeline pipeline)
    {
        ThreadSignal? idle;
        lock (_gate)
        {
            if (_stopped)
            {
                return;
            }

            _waiting.Enqueue(pipeline);
            _idle.TryPop(out idle);
        }

        idle?.Set();
    }

    /// <summary>The next one, waiting for it; null once the queue has stopped. Each thread that calls has its own <paramref name="signal"/>.</summary>
    public ApplyPipeline? Take(ThreadSignal signal)
    {
        while (true)
        {
            lock (_gate)
            {
                if (_stopped)
                {
                    return null;
                }

                if (_waiting.TryDequeue(out ApplyPipeline? next))
                {
                    return next;
                }

                _idle.Push(signal);
            }

            signal.Wait(Timeout.Infinite);
        }
    }

    /// <summary>Nothing is handed out any more, what waits included.</summary>
    public void Stop()
    {
        ThreadSignal[] idle;
        lock (_gate)
        {
            _stopped = true;
            _waiting.Clear();
            idle = [.. _idle];
            _idle.Clear();
        }

        foreach (ThreadSignal signal in idle)
        {
            signal.Set();
        }
    }
}
