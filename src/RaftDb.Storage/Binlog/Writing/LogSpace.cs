using RaftDb.Storage.Binlog.Replicas;
using RaftDb.Storage.Binlog.Segments;
using RaftDb.Storage.Disk;

namespace RaftDb.Storage.Binlog.Writing;

/// <summary>The room that the log takes: new segments at its end, and those at its beginning that nobody needs any more. Writer thread only
/// (but <see cref="IsFull"/>).</summary>
internal sealed class LogSpace(SegmentTable segments, LogEnd end, Relocation relocation, SegmentKeeper keeper, BinlogOptions options)
{
    private readonly KeptEntries _kept = new(driven: !options.OwnThreads);
    private readonly Queue<Segment> _leaving = new();
    private volatile bool _isFull;
    private bool _changed = true;

    /// <summary>The disk had no room at the last try.</summary>
    public bool IsFull
    {
        get => _isFull;
        set => _isFull = value;
    }

    /// <summary>Goes on in a new segment; false when there is no room for one.</summary>
    public bool TryRoll(long size)
    {
        _isFull = !Roll(size);
        if (_isFull && _leaving.Count > 0)
        {
            // Segments that nobody needs wait for the next batch to say so: say it now, and use their room.
            SayFirstSegment();
            _isFull = !Roll(size);
        }

        return !_isFull;
    }

    /// <summary>A record was published that can make a segment superfluous.</summary>
    public void Changed() => _changed = true;

    public void FloorMoved(ReplicaLog log) => _kept.FloorMoved(log);

    /// <summary>A driven log's owner calls again.</summary>
    public void NextTurn()
    {
        _kept.NextTurn();
        Collect();
    }

    /// <summary>Moves the beginning of the log past segments that nobody needs. They go once a synced batch or mark says so.</summary>
    public void Collect()
    {
        if (!_kept.Release() && !_changed)
        {
            return;
        }

        while (segments.Active is { } active && segments.First < active.Number)
        {
            Segment? oldest = segments.Find(segments.First);
            if (oldest is { IsNeeded: true })
            {
                break;
            }

            if (oldest is not null)
            {
                relocation.Leaves(oldest);
                _leaving.Enqueue(segments.Remove(oldest.Number)!);
            }

            segments.First++;
        }

        relocation.Consider(_isFull);
        _changed = relocation.IsActive; // It ends with a segment that can go.
    }

    /// <summary>Tells the disk which segment is the first one needed, when nobody else does.</summary>
    public void SayFirstSegment()
    {
        if (_leaving.Count > 0 && end.SayFirstSegment())
        {
            Release();
        }
    }

    /// <summary>Gives away the segments before the first one needed, as far as stable storage knows of it.</summary>
    public void Release()
    {
        while (_leaving.TryPeek(out Segment? segment) && segment.Number < end.SyncedFirst)
        {
            keeper.Retire(_leaving.Dequeue());
        }
    }

    private bool Roll(long size)
    {
        try
        {
            end.Roll(size);
            _changed = true;
            return true;
        }
        catch (DiskFullException)
        {
            return false;
        }
    }
}
