using RaftDb.Raft;
using RaftDb.Raft.Log;
using RaftDb.Raft.Membership;
using RaftDb.Storage.Binlog;
using RaftDb.Storage.Disk;
using RaftDb.Storage.StateMachines.Changes;
using RaftDb.Storage.StateMachines.Commands;
using RaftDb.Storage.StateMachines.Reads;
using RaftDb.Storage.StateMachines.Sessions;
using RaftDb.Storage.StateMachines.Snapshots;
using RaftDb.Storage.StateMachines.Sqlite;

namespace RaftDb.Storage.StateMachines;

/// <summary>The state of one replica in one SQLite file. Rows, applied index, descriptor and configuration change together: after a crash the file is at
/// <em>some</em> applied index, never between two.</summary>
/// <remarks>One thread applies; any thread reads, checkpoints, copies, and commits for that purpose what was applied and is still in the open transaction. What is
/// published beside SQLite is one immutable object, replaced after each batch. A failure while applying halts this replica for good: later applies and
/// checkpoints throw, reads go on.</remarks>
internal sealed class SqliteStateMachine : IStateMachine
{
    private readonly Lock _applying = new();
    private readonly SqliteDatabase _writer;
    private readonly OpenTransaction _transaction;
    private readonly SqliteStatement _advance;
    private readonly KeyValueTable _table;
    private readonly EntryApplier _entries;
    private readonly ReadConnectionPool _readers;
    private readonly Checkpointer _checkpointer;
    private readonly OutgoingSnapshots _snapshots;
    private Published _published;
    private StateMeta _committed;
    private Exception? _halted;

    /// <summary>Opens a state file that exists and holds the range.</summary>
    public SqliteStateMachine(string path, RangeId range, StateMachineOptions options)
    {
        FileName = Path.GetFileName(path);
        _writer = new(path, SqliteAccess.ReadWrite);
        try
        {
            StateSchema.ConfigureWriter(_writer, options.WriterCacheBytes);
            if (options.MaxPages > 0)
            {
                _writer.Execute($"PRAGMA max_page_count = {options.MaxPages}");
            }

            StateMeta meta = StateMeta.ReadFrom(_writer, range);
            StateSchema.AddNewerTables(_writer);
            byte keyspace = Keyspace.Of(meta.Descriptor.Kind);
            _transaction = new(_writer, options);
            _advance = _writer.Prepare(
                "UPDATE raftdb_meta SET applied_index = ?2, applied_term = ?3, time = ?4, keys = ?5, bytes = ?6 WHERE range = ?1");
            _advance.Bind(1, (long)range.Value);
            _table = new(_writer, range, keyspace);
            _entries = new(_table, new SessionTable(_writer, range), new ChangeTable(_writer, range));
            _published = new(meta, _table.EarliestExpiry());
            _committed = meta;
            _checkpointer = new(path, options);
            _readers = new(path, range, keyspace, meta, options);
            _snapshots = new(path, range, options);
        }
        catch
        {
            _checkpointer?.Dispose();
            _writer.Dispose();
            throw;
        }
    }

    public string FileName { get; }

    public LogPosition Applied => State.Meta.Applied;

    public RangeDescriptor Descriptor => State.Meta.Descriptor;

    public Configuration Configuration => State.Meta.Configuration;

    public (long Keys, long Bytes) Size => (State.Meta.Keys, State.Meta.Bytes);

    public HybridTimestamp? EarliestExpiry => State.EarliestExpiry is > 0 and long at ? HybridTimestamp.Of(at, 0) : null;

    public HybridTimestamp? EarliestSessionUse => _entries.Sessions.EarliestUse is > 0 and long at ? HybridTimestamp.Of(at, 0) : null;

    public HybridTimestamp Time => State.Meta.Time;

    public long CheckpointDebtBytes => _checkpointer.DebtBytes + _transaction.Bytes;

    private Published State => Volatile.Read(ref _published);

    public void Apply(
        IReadOnlyList<Entry> entries, IReadOnlyList<(LogIndex Index, Configuration Configuration)> configurations, List<CommandResult?> results)
    {
        if (entries.Count == 0)
        {
            return;
        }

        lock (_applying)
        {
            ThrowIfHalted();
            int kept = results.Count;
            try
            {
                // What a full disk took back has to be kept before anything is added to it: as long as there is no room, nothing more is applied.
                if (_transaction.IsFull || _transaction.IsLost)
                {
                    Commit();
                }

                // 1. Everything in one savepoint, 2. then what it changed beside the rows, 3. and only after both do others see it.
                _transaction.BeginBatch();
                var batch = new ApplyBatch(_published.Meta, _published.EarliestExpiry);
                int nextConfiguration = 0;
                long bytes = 0;
                for (int i = 0; i < entries.Count; i++)
                {
                    bytes += entries[i].Data.Length;
                    results.Add(_entries.Apply(entries[i], configurations, ref nextConfiguration, ref batch));
                }

                Check.That(nextConfiguration == configurations.Count, $"{configurations.Count} configurations were given for {nextConfiguration} entries");
                if (batch.EarliestIsStale)
                {
                    batch.EarliestExpiry = _table.EarliestExpiry();
                }

                _transaction.EndBatch(entries, configurations, bytes);
                Volatile.Write(ref _published, new(batch.ToMeta(), batch.EarliestExpiry));
            }
            catch (Exception e)
            {
                results.RemoveRange(kept, results.Count - kept);
                ThrowIfFull(e);
                Halt(e);
                if (e is OutOfMemoryException)
                {
                    throw new StorageFailedException($"Memory ran out while applying to {_writer.Path}.", e);
                }

                throw;
            }
        }
    }

    public IReadView OpenReadView() => OpenSqliteView();

    public IReadView OpenCommittedView() => _readers.Rent(Volatile.Read(ref _committed));

    public RangeCheckpoint? Checkpoint()
    {
        ThrowIfHalted();
        try
        {
            StateMeta? durable = _checkpointer.Run(_applying, _readers, () => Volatile.Read(ref _committed), Commit);
            return durable is null ? null : new(durable.Applied, durable.Configuration, durable.Descriptor, FileName);
        }
        catch (Exception e) when (e is DiskFullException || (e is StorageFailedException failed && SqliteFailure.IsFull(failed)))
        {
            // What could not be written back is still in the WAL, or comes again from the binlog.
            return null;
        }
        catch (StorageFailedException e)
        {
            // What the file holds after a failed sync is not known: nothing more may be built on it.
            Interlocked.CompareExchange(ref _halted, e, null);
            throw;
        }
    }

    public ISnapshotSource BeginSnapshot()
    {
        try
        {
            ShowApplied();
        }
        catch (DiskFullException)
        {
            // A copy of what was committed last is good as well: its index is read from the copy.
        }

        return _snapshots.Begin();
    }

    public StateDigest ComputeDigest(CancellationToken cancel)
    {
        using SqliteReadView view = OpenSqliteView();
        return view.ComputeDigest(cancel);
    }

    public void Dispose()
    {
        // In the order in which a checkpoint takes its locks: a running one ends first.
        _checkpointer.Dispose();
        _readers.Dispose();
        lock (_applying)
        {
            try
            {
                // For the next start to replay less.
                if (_halted is null)
                {
                    Commit();
                }
            }
            catch (Exception e) when (e is StorageFailedException or DiskFullException)
            {
                // The binlog has it all: the next start replays more.
            }

            _writer.Dispose();
        }
    }

    private SqliteReadView OpenSqliteView() => _readers.Rent(ShowApplied());

    /// <summary>Sees to it that other connections find everything applied before the call, and returns what that is at least.</summary>
    private StateMeta ShowApplied()
    {
        StateMeta applied = State.Meta;
        if (Volatile.Read(ref _committed).Applied.Index < applied.Applied.Index)
        {
            lock (_applying)
            {
                Commit();
            }
        }

        return applied;
    }

    /// <summary>Under the lock of the applies: commits what they have left open.</summary>
    private void Commit()
    {
        if (!_transaction.IsOpen && !_transaction.IsLost)
        {
            if (_committed.Applied != _published.Meta.Applied)
            {
                throw new StorageFailedException($"What was applied to {_writer.Path} up to {_published.Meta.Applied} could not be kept.", _halted!);
            }

            return;
        }

        try
        {
            ApplyLostAgain();
            StateMeta meta = _published.Meta;
            Store(meta);
            _transaction.Commit();
            Volatile.Write(ref _committed, meta);
            _checkpointer.PagesWritten(_writer.PagesWritten);
        }
        catch (Exception e)
        {
            ThrowIfFull(e);
            Interlocked.CompareExchange(ref _halted, e, null);
            throw;
        }
    }

    /// <summary>Under the lock of the applies: what a full disk took back is applied again, with the same results as before, which nobody needs any more.</summary>
    private void ApplyLostAgain()
    {
        if (!_transaction.IsLost)
        {
            return;
        }

        _transaction.BeginAgain();
        var batch = new ApplyBatch(_committed, _table.EarliestExpiry());
        foreach (AppliedBatch lost in _transaction.Batches)
        {
            int nextConfiguration = 0;
            for (int i = 0; i < lost.Entries.Count; i++)
            {
                _entries.Apply(lost.Entries[i], lost.Configurations, ref nextConfiguration, ref batch);
            }
        }

        Check.That(batch.Applied == _published.Meta.Applied, $"what a full disk took back ends at {batch.Applied}, but {_published.Meta.Applied} was applied");
    }

    /// <summary>A full disk takes back the open transaction and halts nothing: it is tried again when somebody next applies, commits or looks.</summary>
    private void ThrowIfFull(Exception cause)
    {
        if (cause is DiskFullException)
        {
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(cause);
        }

        if (cause is StorageFailedException failure && SqliteFailure.IsFull(failure))
        {
            try
            {
                _transaction.TakeBack();
                _entries.Sessions.Forget();
                _entries.Changes.Forget();
            }
            catch (StorageFailedException)
            {
                // What is in the transaction is not known then: the replica halts with the first failure.
                return;
            }

            throw new DiskFullException($"No room on the disk to apply to {_writer.Path}.", cause);
        }
    }

    private void Store(StateMeta meta)
    {
        if (meta.Shape != _committed.Shape)
        {
            meta.Replace(_writer);
            return;
        }

        _advance.Bind(2, (long)meta.Applied.Index.Value);
        _advance.Bind(3, (long)meta.Applied.Term.Value);
        _advance.Bind(4, (long)meta.Time.Value);
        _advance.Bind(5, meta.Keys);
        _advance.Bind(6, meta.Bytes);
        _advance.Run();
    }

    private void Halt(Exception cause)
    {
        Interlocked.CompareExchange(ref _halted, cause, null);
        if (!_transaction.IsOpen)
        {
            return;
        }

        try
        {
            // The batches before this one were applied, and others know: they are to be seen.
            _transaction.UndoBatch();
            Commit();
        }
        catch (StorageFailedException)
        {
            // They can't be: reads say so from here on, with the first failure as the reason, and after a restart the binlog brings the batches again.
        }
    }

    private void ThrowIfHalted()
    {
        if (_halted is { } cause)
        {
            throw new StorageFailedException($"The state machine of {_writer.Path} halted earlier: {cause.Message}", cause);
        }
    }

    /// <summary>What other threads see, replaced as a whole.</summary>
    private sealed record Published(StateMeta Meta, long EarliestExpiry);
}
