using RaftDb.Raft;
using RaftDb.Raft.Log;
using RaftDb.Storage.Binlog.Recovery;
using RaftDb.Storage.Binlog.Replicas;
using RaftDb.Storage.Binlog.Segments;
using RaftDb.Storage.Binlog.Writing;
using RaftDb.Storage.Disk;

namespace RaftDb.Storage.Binlog;

/// <summary>The append-only log of a node, shared by all its ranges. One writer thread makes batches durable; any thread may append and read.</summary>
public sealed class NodeBinlog : IDisposable
{
    /// <summary>How long the writer waits for more work before it syncs what needs no sync of its own.</summary>
    internal const int SettleAfterMilliseconds = 100;

    /// <summary>How often jobs that found no room are tried again.</summary>
    private const int RetryAfterMilliseconds = 250;

    private readonly RecoveredLog _recovered;
    private readonly BinlogOptions _options;
    private readonly SegmentKeeper _keeper;
    private readonly WriteQueue _queue = new();
    private readonly BinlogWriter _writer;
    private readonly Relocation _relocation;
    private readonly Thread? _thread;
    private readonly TaskCompletionSource<StorageFailedException> _failed;
    private IOException? _keeperFailure;
    private bool _disposed;

    private NodeBinlog(IDisk disk, string directory, BinlogIdentity identity, BinlogOptions options, RecoveredLog recovered)
    {
        _recovered = recovered;
        _options = options;

        // Who drives a log has its one thread run everything.
        _failed = new(options.OwnThreads ? TaskCreationOptions.RunContinuationsAsynchronously : TaskCreationOptions.None);
        Recovered = [.. recovered.Replicas.All.Select(Describe)];
        _keeper = new SegmentKeeper(new SegmentFiles(disk, directory, identity), options.RecycledSegments, options.OwnThreads, KeeperFailed);
        foreach ((string path, long capacity) in recovered.FreeFiles)
        {
            _keeper.Adopt(path, capacity);
        }

        if (recovered.Prepared is { } prepared)
        {
            _keeper.Adopt(prepared);
        }

        _relocation = new Relocation(recovered.Segments, recovered.Replicas, options);
        _writer = new BinlogWriter(recovered, _queue, new LogEnd(recovered, _keeper, options), _relocation, _keeper, options);
        foreach (ReplicaLog suspect in recovered.NewlySuspect)
        {
            _queue.Add(new SuspectJob(suspect));
        }

        if (options.OwnThreads)
        {
            _thread = new Thread(Run) { IsBackground = true, Name = "binlog writer" };
            _thread.Start();
        }
    }

    /// <summary>What was there at open, by range.</summary>
    public IReadOnlyList<RecoveredReplica> Recovered { get; }

    /// <summary>Replicas that were removed.</summary>
    public IReadOnlyCollection<Tombstone> Tombstones => [.. _recovered.Replicas.Tombstones.Select(t => t.Tombstone)];

    /// <summary>Damage to acknowledged records that was found at open, for people; the replicas that it may concern are suspect.</summary>
    public IReadOnlyList<string> Damages => _recovered.Damages;

    /// <summary>Completed with the cause when the log is poisoned: nothing will be acknowledged any more and the node must stop.</summary>
    public Task<StorageFailedException> Failed => _failed.Task;

    /// <summary>Whether a write of several entries is on its way to the disk, and has not been for long: what comes now would wait for its end. Any thread may ask.</summary>
    public bool IsBusy => _writer.IsBusy;

    /// <summary>Called on the writer thread when <see cref="IsBusy"/> has become false. To be set before the first append.</summary>
    public Action? RoundEnded { get; set; }

    /// <summary>Called on the writer thread to call what it is given, which tells those who wait for what has become durable: so that what they do about it can be done together. To be set
    /// before the first append.</summary>
    public Action<Action> AroundCompletions
    {
        get => _writer.AroundCompletions;
        set => _writer.AroundCompletions = value;
    }

    /// <summary>Whether nothing waits to be written. Any thread may ask.</summary>
    public bool IsIdle => _queue.IsEmpty;

    /// <summary>Figures for metrics and status.</summary>
    public BinlogStatistics Statistics
    {
        get
        {
            (long bytes, long entries, long syncs, bool isFull) = _writer.Totals;
            return new BinlogStatistics(
                _queue.Bytes, bytes, entries, syncs, _recovered.Segments.Count, _recovered.Segments.Bytes + (_keeper.SpareFiles * _options.SegmentBytes), isFull);
        }
    }

    /// <summary>Opens or creates the log under <paramref name="directory"/> of the disk and recovers it. Throws <see cref="StorageRefusedException"/>
    /// for a log of another cluster, node, store or format, <see cref="StorageFailedException"/> for a disk that fails.</summary>
    public static NodeBinlog Open(IDisk disk, string directory, BinlogIdentity identity, BinlogOptions options)
    {
        options.Validate();
        try
        {
            disk.CreateDirectory(directory);
            RecoveredLog recovered = new BinlogRecovery(disk, directory, identity, options).Run();
            foreach (string path in recovered.Obsolete)
            {
                disk.Delete(path);
            }

            // A segment may have its name in memory alone: the process before died, or its disk failed, between giving that name and syncing the directory.
            disk.SyncDirectory(directory);

            if (recovered.Segments.Active is null)
            {
                // A log is known to be somebody's from the beginning on.
                recovered = recovered.With(new SegmentFiles(disk, directory, identity).Create(recovered.NextSegment, options.SegmentBytes, fill: false, freeFile: null));
            }

            return new NodeBinlog(disk, directory, identity, options, recovered);
        }
        catch (IOException e)
        {
            throw new StorageFailedException($"The binlog in {directory} can't be opened: {e.Message}", e);
        }
    }

    /// <summary>Makes a new, empty replica known durably (range, replica id, first checkpoint). Blocks until it is. Throws <see cref="DiskFullException"/> when there is no room, and
    /// <see cref="StorageFailedException"/> when the log is poisoned.</summary>
    public void CreateReplica(RangeId range, ReplicaId replica, RangeCheckpoint checkpoint)
    {
        var job = new CreateJob(range, replica, checkpoint);
        _queue.Add(job);
        if (_thread is null)
        {
            Drive();
        }

        if (Task.WhenAny(job.Done, _failed.Task).GetAwaiter().GetResult() == _failed.Task)
        {
            throw _failed.Task.Result;
        }

        job.Done.GetAwaiter().GetResult();
    }

    /// <summary>Hands writes to the writer thread and returns at once.</summary>
    public void Append(params ReadOnlySpan<BinlogWrite> writes)
    {
        _queue.Add(writes);
        for (int i = 0; Mutants.WriteCompletedBeforeItsRound && i < writes.Length; i++)
        {
            writes[i].Completed?.Invoke(writes[i]);
        }
    }

    /// <summary>A reader of one replica's durable entries.</summary>
    public ILogReader Reader(RangeId range) => new ReplicaLogReader(range, _recovered.Replicas, _recovered.Segments);

    /// <summary>This node's replica of a range as the log has it now, and the name of its state file; null when there is none.</summary>
    public (ReplicaId Replica, string? StateFile)? Find(RangeId range) =>
        _recovered.Replicas.Find(range) is { } log ? (log.Replica, log.Checkpoint?.StateFile) : null;

    /// <summary>Whether a replica may begin here: neither it nor a later one is here or was here and left.</summary>
    public bool MayBegin(RangeId range, ReplicaId replica) =>
        (_recovered.Replicas.Find(range) is not { } log || log.Replica.Value < replica.Value || Mutants.EarlierReplicaBegunAgain)
        && (Mutants.EarlierReplicaBegunAgain || !_recovered.Replicas.Tombstones.Any(t => t.Tombstone.Range == range && t.Tombstone.Replica.Value >= replica.Value));

    /// <summary>Writes down for good that a replica is damaged: from the next start on it is suspect, whatever its records look like. Nothing happens when the replica is not there (any more).</summary>
    public void MarkSuspect(RangeId range, ReplicaId replica, string reason, Action completed) =>
        _queue.Add(new QuarantineJob(range, replica, reason, completed));

    /// <summary>Records a completed checkpoint of the state machine. The log up to it, less the retained tail, may go; the new floor
    /// is given to <paramref name="completed"/> once that record is durable. <paramref name="pin"/>: nothing after this index may go (a snapshot is under way).</summary>
    public void RecordCheckpoint(
        RangeId range, RangeCheckpoint checkpoint, LogIndex? pin, Action<LogPosition> completed) =>
        _queue.Add(new CheckpointJob(range, checkpoint, pin, _options, _relocation.IsInTheWay, completed));

    /// <summary>The commit point of a snapshot's installation: one synced record after which the range's log starts at the snapshot's position.</summary>
    public void InstallSnapshot(RangeId range, ReplicaId replica, RangeCheckpoint checkpoint, Action completed) =>
        _queue.Add(new InstallJob(range, replica, checkpoint, completed));

    /// <summary>Removes a replica for good.</summary>
    public void RemoveReplica(RangeId range, ReplicaId replica, Action completed) => _queue.Add(new RemoveJob(range, replica, completed));

    /// <summary>Completes when everything appended so far is on stable storage, in every durability mode.</summary>
    public void Sync(Action completed) => _queue.Add(new SyncJob(completed));

    /// <summary>Returns when everything appended so far is on stable storage. Throws <see cref="StorageFailedException"/> when the log is poisoned.</summary>
    public void SyncNow()
    {
        TaskCompletionSource synced = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Sync(synced.SetResult);
        if (_thread is null)
        {
            Drive();
        }

        if (Task.WhenAny(synced.Task, _failed.Task).GetAwaiter().GetResult() == _failed.Task)
        {
            throw _failed.Task.Result;
        }
    }

    /// <summary>Whether something waits to be written or moved: a driven log's owner calls <see cref="Drive"/> soon.</summary>
    internal bool HasWork => _writer.HasWork;

    /// <summary>Whether something waits for room on the disk: a driven log's owner calls <see cref="Drive"/> now and then.</summary>
    internal bool HasDeferred => _writer.HasDeferred;

    /// <summary>What is published as durable of a range's replica; null when there is none. For the simulator's checks.</summary>
    internal ReplicaLog? LogOf(RangeId range) => _recovered.Replicas.Find(range);

    /// <summary>Without threads of its own (<see cref="BinlogOptions.OwnThreads"/>): does everything that waits, on the caller's thread, and calls the completions.
    /// Answers whether there was anything.</summary>
    public bool Drive()
    {
        Check.That(_thread is null, $"a binlog with threads of its own is not driven.");
        bool any = false;
        try
        {
            _writer.NextTurn();
            while (!_failed.Task.IsCompleted && (_writer.Round(0) || _writer.HasWork))
            {
                any = true;
                ThrowKeeperFailure();
            }

            if (!_failed.Task.IsCompleted)
            {
                _writer.Rest();
                ThrowKeeperFailure();
            }
        }
        catch (IOException e)
        {
            Fail(e);
        }

        return any;
    }

    /// <summary>Without threads of its own: nothing came for a while.</summary>
    internal void Settle()
    {
        try
        {
            _writer.Settle();
        }
        catch (IOException e)
        {
            Fail(e);
        }
    }

    /// <summary>Writes out what is queued, marks a clean end and closes. What is appended from now on is dropped without an answer.</summary>
    public void Dispose()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        _queue.Close();
        if (_thread is null)
        {
            Drive();
            CloseCleanly();
        }
        else
        {
            _thread.Join();
        }

        _keeper.Dispose();
        foreach (Segment segment in _recovered.Segments.All)
        {
            segment.Release();
        }
    }

    private static RecoveredReplica Describe(ReplicaLog log) => new()
    {
        Range = log.Range,
        Replica = log.Replica,
        // A damaged log was cut where it can't be read on; nobody may ask for committed entries behind that.
        HardState = log.Suspicion is null ? log.HardState : log.HardState with { Commit = LogIndex.Min(log.HardState.Commit, log.Last.Index) },
        Floor = log.Floor,
        Last = log.Last.Index,
        TermRuns = log.TermRuns,
        Checkpoint = log.Checkpoint,
        Suspicion = log.Suspicion,
    };

    private void Run()
    {
        try
        {
            while (!_queue.IsClosed || _writer.HasWork)
            {
                ThrowKeeperFailure();
                int wait = _writer.HasDeferred ? RetryAfterMilliseconds : _writer.IsUnsettled ? SettleAfterMilliseconds : Timeout.Infinite;
                bool any = _writer.Round(wait);
                if (any && !_queue.IsClosed)
                {
                    _writer.AwaitCompany();
                }

                RoundEnded?.Invoke();
                if (_writer.HasWork)
                {
                    continue;
                }

                _writer.Rest();
                if (!any)
                {
                    _writer.Settle();
                }
            }

            CloseCleanly();
        }
        catch (IOException e)
        {
            Fail(e);
        }
    }

    private void CloseCleanly()
    {
        if (_failed.Task.IsCompleted)
        {
            return;
        }

        try
        {
            _writer.Close();
        }
        catch (IOException e)
        {
            Fail(e);
        }
    }

    /// <summary>From here on nothing is written and nobody is told anything: what the disk holds is no longer known.</summary>
    private void Fail(IOException cause)
    {
        _queue.Close();
        _failed.TrySetResult(new StorageFailedException(
            $"The binlog can't be written any more: {cause.Message} Nothing will be acknowledged; stop the node, look after its disk, and start it again.", cause));
    }

    private void KeeperFailed(IOException cause)
    {
        Interlocked.CompareExchange(ref _keeperFailure, cause, null);
        _queue.Poke();
    }

    private void ThrowKeeperFailure()
    {
        if (Volatile.Read(ref _keeperFailure) is { } failure)
        {
            throw new IOException(failure.Message, failure);
        }
    }
}
