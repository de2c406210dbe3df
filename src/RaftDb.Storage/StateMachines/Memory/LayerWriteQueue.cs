namespace RaftDb.Storage.StateMachines.Memory;

/// <summary>The thread on which the ranges of a node write their sealed layers to their files, one after the other. It is there while there is something to write. Thread-safe.</summary>
internal sealed class LayerWriteQueue
{
    private readonly Lock _gate = new();
    private readonly Queue<Action> _work = new();
    private bool _isRunning;

    /// <summary>Has something done on the thread; it does not throw.</summary>
    public void Add(Action work)
    {
        lock (_gate)
        {
            _work.Enqueue(work);
            if (_isRunning)
            {
                return;
            }

            _isRunning = true;
        }

        new Thread(Run) { IsBackground = true, Name = "raftdb-layers" }.Start();
    }

    private void Run()
    {
        while (true)
        {
            Action? work;
            lock (_gate)
            {
                if (!_work.TryDequeue(out work))
                {
                    _isRunning = false;
                    return;
                }
            }

            work();
        }
    }
}
