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
    private readonly Lock _gate = new();
    private readonly ThreadSignal _signal = new();
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

        bool wake;
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
            wake = TakeWaiter();
        }

        Wake(wake);
    }

    public void Add(Job job)
    {
        bool wake;
        lock (_gate)
        {
            if (_closed)
            {
                return;
            }

            _items.Add(new QueueItem(null, job));
            wake = TakeWaiter();
        }

        Wake(wake);
    }

    /// <summary>A write left the queue for good.</summary>
    public void Done(long bytes) => Interlocked.Add(ref _bytes, -bytes);

    /// <summary>Moves everything queued into <paramref name="into"/>. Waits for work at most so long; 0 = not at all, -1 = until there is some or the queue is closed.</summary>
    public void TakeAll(Queue<QueueItem> into, int waitMilliseconds)
    {
        if (MustWait(waitMilliseconds))
        {
            _signal.Wait(waitMilliseconds);
        }

        List<QueueItem> taken;
        lock (_gate)
        {
            _waiting = false;
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
        if (!IsClosed)
        {
            // Only closing sets the signal while nobody is said to wait.
            _signal.Wait(milliseconds);
        }
    }

    /// <summary>Wakes the writer although there is no work.</summary>
    public void Poke()
    {
        bool wake;
        lock (_gate)
        {
            _poked = true;
            wake = TakeWaiter();
        }

        Wake(wake);
    }

    public void Close()
    {
        lock (_gate)
        {
            _closed = true;
        }

        _signal.Set();
    }

    private bool MustWait(int milliseconds)
    {
        lock (_gate)
        {
            _waiting = _items.Count == 0 && !_closed && !_poked && milliseconds != 0;
            return _waiting;
        }
    }

    /// <summary>Under the lock: whether the writer is to be woken, once it is left. The first who brings something wakes it for all.</summary>
    private bool TakeWaiter()
    {
        bool waits = _waiting;
        _waiting = false;
        return waits;
    }

    private void Wake(bool wake)
    {
        if (wake)
        {
            _signal.Set();
        }
    }
}
