using RaftDb.Raft;
using RaftDb.Storage.Disk;

namespace RaftDb.Storage.Binlog.Segments;

/// <summary>Makes the next segment before it is needed and takes freed ones back, on a thread of its own, so that the writer need not wait for either.
/// In a driven log it works inline.</summary>
internal sealed class SegmentKeeper : IDisposable
{
    private readonly object _gate = new();
    private readonly SegmentFiles _files;
    private readonly int _keepFree;
    private readonly Action<IOException> _failed;
    private readonly Thread? _thread;
    private readonly Queue<Action> _work = [];
    private readonly List<(string Path, long Capacity)> _free = [];
    private Segment? _prepared;
    private bool _busy;
    private bool _stopping;

    public SegmentKeeper(SegmentFiles files, int keepFree, bool ownThread, Action<IOException> failed)
    {
        _files = files;
        _keepFree = keepFree;
        _failed = failed;
        if (ownThread)
        {
            _thread = new Thread(Run) { IsBackground = true, Name = "binlog segments" };
            _thread.Start();
        }
    }

    /// <summary>Files on the disk that hold nothing: prepared or free.</summary>
    public int SpareFiles
    {
        get
        {
            lock (_gate)
            {
                return _free.Count + (_prepared is null ? 0 : 1);
            }
        }
    }

    /// <summary>A free file or a prepared segment found at open.</summary>
    public void Adopt(string freePath, long capacity)
    {
        lock (_gate)
        {
            _free.Add((freePath, capacity));
        }
    }

    public void Adopt(Segment prepared)
    {
        lock (_gate)
        {
            _prepared = prepared;
        }
    }

    /// <summary>Starts making a segment, unless that was asked for already. <paramref name="fill"/>: see <see cref="SegmentFiles.Create"/>.</summary>
    public void Prepare(uint number, long capacity, bool fill) => Do(() => PrepareNow(number, capacity, fill));

    /// <summary>Takes a segment that no range needs any more.</summary>
    public void Retire(Segment segment) => Do(() => RetireNow(segment));

    /// <summary>The segment of this number: the prepared one, or made now. A full disk is a <see cref="DiskFullException"/>.</summary>
    public Segment Take(uint number, long capacity)
    {
        lock (_gate)
        {
            while (_busy || _work.Count > 0)
            {
                if (_stopping)
                {
                    throw new IOException("The log is closing.");
                }

                Monitor.Wait(_gate);
            }

            if (_prepared is { } prepared)
            {
                Check.That(prepared.Number == number, $"prepared segment {prepared.Number}, needed {number}.");
                _prepared = null;
                if (prepared.Capacity >= capacity)
                {
                    return prepared;
                }

                // An oversized write needs a larger file under the same number: the prepared one makes way, its file stays in use as a free one.
                RetireNow(prepared);
            }
        }

        return _files.Create(number, capacity, fill: false, TakeFree(capacity));
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _stopping = true;
            Monitor.PulseAll(_gate);
        }

        _thread?.Join();
        _prepared?.Release();
    }

    private void Do(Action work)
    {
        if (_thread is null)
        {
            Attempt(work);
            return;
        }

        lock (_gate)
        {
            _work.Enqueue(work);
            Monitor.PulseAll(_gate);
        }
    }

    private void Run()
    {
        while (true)
        {
            Action work;
            lock (_gate)
            {
                while (_work.Count == 0)
                {
                    if (_stopping)
                    {
                        return;
                    }

                    Monitor.Wait(_gate);
                }

                work = _work.Dequeue();
                _busy = true;
            }

            Attempt(work);
            lock (_gate)
            {
                _busy = false;
                Monitor.PulseAll(_gate);
            }
        }
    }

    private void Attempt(Action work)
    {
        try
        {
            work();
        }
        catch (IOException e)
        {
            _failed(e);
        }
    }

    private void PrepareNow(uint number, long capacity, bool fill)
    {
        lock (_gate)
        {
            if (_prepared is not null || _stopping)
            {
                return;
            }
        }

        Segment made;
        try
        {
            made = _files.Create(number, capacity, fill, TakeFree(capacity));
        }
        catch (DiskFullException)
        {
            return; // The writer meets the same when it needs the segment, and refuses writes then.
        }

        lock (_gate)
        {
            _prepared = made;
        }
    }

    private void RetireNow(Segment segment)
    {
        bool keep;
        lock (_gate)
        {
            keep = _free.Count < _keepFree;
        }

        // A file that a reader still holds must keep its bytes, so only one that nobody holds is used again.
        bool unused = segment.Release();
        if (keep && unused)
        {
            string free = _files.PathOf(SegmentFiles.FreePrefix + SegmentFiles.NameOf(segment.Number));
            _files.Disk.Rename(segment.Path, free);
            _files.Disk.SyncDirectory(_files.Directory);
            Adopt(free, segment.Capacity);
        }
        else
        {
            _files.Disk.Delete(segment.Path);
            _files.Disk.SyncDirectory(_files.Directory);
        }
    }

    private string? TakeFree(long capacity)
    {
        lock (_gate)
        {
            int found = _free.FindIndex(f => f.Capacity == capacity);
            if (found < 0)
            {
                return null;
            }

            string path = _free[found].Path;
            _free.RemoveAt(found);
            return path;
        }
    }
}
