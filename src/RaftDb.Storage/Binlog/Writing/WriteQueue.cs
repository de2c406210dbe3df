namespace RaftDb.Storage.Binlog.Writing;

/// <summary>Work for the writer: an append or a job.</summary>
internal readonly record struct QueueItem(BinlogWrite? Write, Job? Job)
{
    public RangeId Range => Write?.Range ?? Job!.Range;

    public long DiskSize => Write?.DiskSize ?? Job!.DiskSize;
}

/// <summary>Hands work from any thread to the writer: appenders add to a list under a short lock, and the writer takes the whole list in exchange for an empty one.</summary>
internal sealed class WriteQueue
{
    private readonly object _gate = new();
    private List<QueueItem> _items = [];
    private List<QueueItem> _spare = [];
    private long _bytes;
    private bool _waiting;
    private bool _closed;
    private bool _poked;

    /// <summary>Bytes handed over and not yet completed.</summary>
    public long Bytes => Interlocked.Read(ref _bytes);

    public bool IsEmpty
    {
        get
        {
            lock (_gate)
            {
                return _items.Count == 0;
            }
        }
    }

    public bool IsClosed
    {
        get
        {
            lock (_gate)
            {
                return _closed;
            }
        }
    }

    public void Add(ReadOnlySpan<BinlogWrite> writes)
    {
        long bytes = 0;
        foreach (BinlogWrite write in writes)
        {
            bytes += write.DiskSize;
        }

        lock (_gate)
        {
            if (_closed)
            {
                return; // Whoever writes to a log that is closing is never told that it worked.
            }

            foreach (BinlogWrite write in writes)
            {
                _items.Add(new QueueItem(write, null));
            }

            Interlocked.Add(ref _bytes, bytes);
            Wake();
        }
    }

    public void Add(Job job)
    {
        lock (_gate)
        {
            if (_closed)
            {
                return;
            }

            _items.Add(new QueueItem(null, job));
            Wake();
        }
    }

    /// <summary>A write left the queue for good.</summary>
    public void Done(long bytes) => Interlocked.Add(ref _bytes, -bytes);

    /// <summary>Moves everything queued into <paramref name="into"/>. Waits for work at most so long; 0 = not at all, -1 = until there is some or the queue is closed.</summary>
    public void TakeAll(Queue<QueueItem> into, int waitMilliseconds)
    {
        List<QueueItem> taken;
        lock (_gate)
        {
            if (_items.Count == 0 && !_closed && !_poked && waitMilliseconds != 0)
            {
                _waiting = true;
                Monitor.Wait(_gate, waitMilliseconds);
                _waiting = false;
            }

            _poked = false;
            taken = _items;
            _items = _spare;
            _spare = taken;
        }

        foreach (QueueItem item in taken)
        {
            into.Enqueue(item);
        }

        taken.Clear();
    }

    /// <summary>Lets work gather for a moment, however much comes; closing ends it at once.</summary>
    public void Pause(int milliseconds)
    {
        lock (_gate)
        {
            if (!_closed)
            {
                Monitor.Wait(_gate, milliseconds);
            }
        }
    }

    /// <summary>Wakes the writer although there is no work.</summary>
    public void Poke()
    {
        lock (_gate)
        {
            _poked = true;
            Wake();
        }
    }

    public void Close()
    {
        lock (_gate)
        {
            _closed = true;
            Monitor.Pulse(_gate);
        }
    }

    private void Wake()
    {
        if (_waiting)
        {
            Monitor.Pulse(_gate);
        }
    }
}
