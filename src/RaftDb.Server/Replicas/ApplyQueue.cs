namespace RaftDb.Server.Replicas;

/// <summary>Pipelines that have something to apply, first come first served. A thread that finds none sleeps at once: on a machine whose processors are busy, spinning for
/// the next one takes from those who would bring it. Thread-safe.</summary>
internal sealed class ApplyQueue
{
    private readonly object _gate = new();
    private readonly Queue<ApplyPipeline> _waiting = [];
    private bool _stopped;

    public void Add(ApplyPipeline pipeline)
    {
        lock (_gate)
        {
            if (!_stopped)
            {
                _waiting.Enqueue(pipeline);
                Monitor.Pulse(_gate);
            }
        }
    }

    /// <summary>The next one, waiting for it; null once the queue has stopped.</summary>
    public ApplyPipeline? Take()
    {
        lock (_gate)
        {
            while (!_stopped)
            {
                if (_waiting.TryDequeue(out ApplyPipeline? next))
                {
                    return next;
                }

                Monitor.Wait(_gate);
            }

            return null;
        }
    }

    /// <summary>Nothing is handed out any more, what waits included.</summary>
    public void Stop()
    {
        lock (_gate)
        {
            _stopped = true;
            _waiting.Clear();
            Monitor.PulseAll(_gate);
        }
    }
}
