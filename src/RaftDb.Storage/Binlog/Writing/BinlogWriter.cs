using RaftDb.Raft;
using RaftDb.Storage.Binlog.Format;
using RaftDb.Storage.Binlog.Recovery;
using RaftDb.Storage.Binlog.Replicas;
using RaftDb.Storage.Binlog.Segments;
using RaftDb.Storage.Disk;

namespace RaftDb.Storage.Binlog.Writing;

/// <summary>Turns queued work into batches: one write and one sync for all that waits. Its methods run on the writer thread only.</summary>
internal sealed class BinlogWriter(
    RecoveredLog recovered, WriteQueue queue, LogEnd end, Relocation relocation, SegmentKeeper keeper, BinlogOptions options)
{
    /// <summary>Room for a batch's header and its session record, generously.</summary>
    private const int SessionSize = RecordHeader.Size * 3;

    private readonly SegmentTable _segments = recovered.Segments;
    private readonly ReplicaTable _replicas = recovered.Replicas;
    private readonly LogEnd _end = end;
    private readonly Relocation _relocation = relocation;
    private readonly LogSpace _space = new(recovered.Segments, end, relocation, keeper, options);
    private readonly BatchBuilder _batch = new();
    private readonly GroupCommit _group = new(queue, options.BusyFor);
    private readonly Queue<QueueItem> _work = new();
    private readonly List<QueueItem> _staged = [];
    private readonly List<QueueItem> _refused = [];
    private readonly Queue<Job> _deferred = new();
    private readonly HashSet<RangeId> _deferredRanges = [];
    private readonly HashSet<RangeId> _jobRanges = [];
    private Action? _complete;
    private int _baseline;
    private bool _mustSync;
    private long _writtenBytes;
    private long _writtenEntries;
    private long _syncs;

    public bool HasWork => _work.Count > 0 || !queue.IsEmpty || _relocation.IsActive;

    /// <inheritdoc cref="NodeBinlog.AroundCompletions"/>
    public Action<Action> AroundCompletions { get; set; } = complete => complete();

    /// <summary>Any thread may ask.</summary>
    public bool IsBusy => _group.IsBusy;

    public bool HasDeferred => _deferred.Count > 0;

    /// <summary>Something should be synced or marked once nothing else is to be done.</summary>
    public bool IsUnsettled => _end.IsDirty && !(options.Durability == Durability.Os && _end.HasUnsyncedRecords);

    public (long Bytes, long Entries, long Syncs, bool IsFull) Totals =>
        (Interlocked.Read(ref _writtenBytes), Interlocked.Read(ref _writtenEntries), Interlocked.Read(ref _syncs), _space.IsFull);

    /// <summary>A driven log's owner calls again.</summary>
    public void NextTurn() => _space.NextTurn();

    /// <summary>One round: gather, write, sync, publish, complete. Answers whether there was anything to do.</summary>
    public bool Round(int waitMilliseconds)
    {
        // 1. Take what waits; jobs that wait for room come first.
        queue.TakeAll(_work, HasWork ? 0 : waitMilliseconds);
        Retry();

        // 2. Lay out one batch: what is to be relocated (which describes the log as it is), then the new work in its order.
        Gather();

        // 3. Make it durable.
        bool isEmpty = IsEmpty;
        _group.Begin(_batch.Entries);
        if (!isEmpty && !TryWrite())
        {
            _group.End();
            return true;
        }

        if (_mustSync && !Mutants.AckBeforeFsync && (_end.HasUnsyncedRecords || !isEmpty))
        {
            Sync();
        }

        if (!isEmpty)
        {
            _group.End();
        }

        // 4. Make it known, and tell those who wait, in order.
        bool done = !isEmpty || _staged.Count > 0 || _refused.Count > 0;
        Publish();
        AroundCompletions(_complete ??= Complete);

        // 5. Let go of what nobody needs any more.
        _space.Collect();
        return done;
    }

    /// <summary>After a round: lets more come together for the next one where that pays.</summary>
    public void AwaitCompany() => _group.AwaitCompany(_batch.Entries);

    /// <summary>Nothing waits: cover the last batch with a mark.</summary>
    public void Rest()
    {
        _space.SayFirstSegment();
        _end.Mark();
    }

    /// <summary>Nothing came for a while: put the rest on stable storage.</summary>
    public void Settle()
    {
        if (!IsUnsettled)
        {
            return; // In `os` durability that is what this mode doesn't wait for; the operating system writes it back.
        }

        _end.Settle();
        Interlocked.Increment(ref _syncs);
        _space.Release();
    }

    public void Close() => _end.Close();

    /// <summary>Nothing was gathered (but the session record that the first batch begins with).</summary>
    private bool IsEmpty => _batch.BodyLength == _baseline;

    private void Sync()
    {
        _end.Sync();
        Interlocked.Increment(ref _syncs);
        _space.Release();
    }

    private void Retry()
    {
        if (_deferred.Count == 0)
        {
            return;
        }

        var waiting = _work.ToArray();
        _work.Clear();
        while (_deferred.TryDequeue(out Job? job))
        {
            _work.Enqueue(new QueueItem(null, job));
        }

        _deferredRanges.Clear();
        foreach (QueueItem item in waiting)
        {
            _work.Enqueue(item);
        }
    }

    private void Gather()
    {
        _mustSync = false;
        Begin();
        Relocate();
        while (_work.TryPeek(out QueueItem item) && TryStage(item))
        {
            _work.Dequeue();
        }

    }

    private void Relocate()
    {
        if (!_relocation.IsActive)
        {
            return;
        }

        int needed = _relocation.Fill(_batch, RelocationRoom);
        if (needed > 0)
        {
            if (!_space.TryRoll(needed))
            {
                _relocation.Abort();
                return;
            }

            Begin();
            needed = _relocation.Fill(_batch, RelocationRoom);
            Check.That(needed == 0, $"a new segment has no room for {needed} relocated bytes.");
        }

        _mustSync |= !IsEmpty;
    }

    private int RelocationRoom => (int)Math.Clamp(_end.Room(_relocation.MayUseReserve), 0, int.MaxValue);

    private void Begin()
    {
        Segment? active = _segments.Active;
        _batch.Begin(active?.Number ?? 0, active?.Incarnation ?? 0, (uint)(active?.End ?? 0));
        if (_end.IsNewSession)
        {
            // The first record of a process, and of a segment: who writes here, and what its acknowledgements mean.
            byte[] session = recovered.Session.Encode();
            _batch.Add(new RecordHeader(RecordType.Session, 0, 0, session.Length, 0, 0, 0, 0), session);
        }

        _baseline = _batch.BodyLength;
        _jobRanges.Clear();
    }


    /// <summary>Adds an item to the batch; false: the batch is complete without it.</summary>
    private bool TryStage(QueueItem item)
    {
        if (_deferredRanges.Contains(item.Range))
        {
            Refuse(item);
            return true;
        }

        if (item.Job is { } job)
        {
            if (_jobRanges.Contains(job.Range) || _replicas.Find(job.Range) is { StagedJobs: > 0 })
            {
                return false;
            }

            if (job.Prepare(_replicas) == JobVerdict.Nothing)
            {
                _mustSync |= job is SyncJob;
                _staged.Add(item);
                return true;
            }
        }
        else
        {
            if (_jobRanges.Contains(item.Range))
            {
                return false;
            }

            switch (AppendStage.Judge(item.Write!, _replicas))
            {
                case AppendStage.Judgement.Refuse:
                    Refuse(item);
                    return true;
                case AppendStage.Judgement.Conflict:
                    return false;
                default:
                    break;
            }
        }

        if (!HasRoomFor(item, out bool complete))
        {
            if (complete)
            {
                return false;
            }

            Refuse(item);
            return true;
        }

        Encode(item);
        return true;
    }

    private bool HasRoomFor(QueueItem item, out bool complete)
    {
        long size = item.DiskSize;
        complete = !IsEmpty && _batch.Length + size > options.MaxBatchBytes;
        if (complete)
        {
            return false;
        }

        if (_batch.Length + size <= _end.Room(useReserve: item.Job is not null))
        {
            return true;
        }

        complete = !IsEmpty || _staged.Count > 0;
        if (complete || !_space.TryRoll(size + SessionSize))
        {
            complete |= _relocation.IsActive; // What is being moved may make room: wait for that.
            return false;
        }

        Begin();
        return true;
    }

    private void Encode(QueueItem item)
    {
        _mustSync |= _end.IsNewSession;
        if (item.Job is { } job)
        {
            job.Encode(_batch);
            _jobRanges.Add(job.Range);
            _mustSync = true;
        }
        else
        {
            BinlogWrite write = item.Write!;
            bool votes = AppendStage.Encode(write, _batch);
            write.Log!.StagedJobs++;
            _mustSync |= write.MustSync && (votes || options.Durability == Durability.Fsync);
        }

        _staged.Add(item);
    }

    private bool TryWrite()
    {
        try
        {
            _end.Write(_batch);
            Interlocked.Add(ref _writtenBytes, _batch.Length);
            Interlocked.Add(ref _writtenEntries, _batch.Entries);
            return true;
        }
        catch (DiskFullException)
        {
            _space.IsFull = true;
            _end.TakeBack();
            _relocation.Forget();
            _relocation.Abort();
            foreach (QueueItem item in _staged)
            {
                Unstage(item);
                Refuse(item);
            }

            _staged.Clear();
            Complete();
            return false;
        }
    }

    private void Publish()
    {
        _relocation.Publish();
        foreach (QueueItem item in _staged)
        {
            Unstage(item);
            if (item.Job is { } job)
            {
                job.Publish(_replicas);
                _space.Changed();
                if (job is CheckpointJob { Log: { } log })
                {
                    _space.FloorMoved(log);
                }
            }
            else
            {
                AppendStage.Publish(item.Write!);
            }
        }
    }

    private static void Unstage(QueueItem item)
    {
        if (item.Write?.Log is { } log)
        {
            log.StagedJobs = 0;
        }
    }

    private void Complete()
    {
        foreach (QueueItem item in _staged)
        {
            if (item.Write is { } write)
            {
                queue.Done(write.DiskSize);
                write.Completed?.Invoke(write);
            }
            else
            {
                item.Job!.Complete();
            }
        }

        _staged.Clear();
        foreach (QueueItem item in _refused)
        {
            queue.Done(item.Write!.DiskSize);
            item.Write.Refused?.Invoke(item.Write);
        }

        _refused.Clear();
    }

    private void Refuse(QueueItem item)
    {
        if (item.Job is { } job)
        {
            if (!job.Refuse())
            {
                _deferred.Enqueue(job);
                _deferredRanges.Add(job.Range);
            }

            return;
        }

        if (_replicas.Find(item.Range) is { } log)
        {
            log.HasRefused = true;
            log.Refused.Refused(item.Write!.Order);
        }

        _refused.Add(item);
    }
}
