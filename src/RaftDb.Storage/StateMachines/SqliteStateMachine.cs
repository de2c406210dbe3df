using RaftDb.Raft;
using RaftDb.Raft.Log;
using RaftDb.Raft.Membership;
using RaftDb.Storage.Binlog;
using RaftDb.Storage.StateMachines.Commands;
using RaftDb.Storage.StateMachines.Reads;
using RaftDb.Storage.StateMachines.Snapshots;
using RaftDb.Storage.StateMachines.Sqlite;

namespace RaftDb.Storage.StateMachines;

/// <summary>The state of one replica in one SQLite file. Rows, applied index, descriptor and configuration change together: after a crash the file is at
/// <em>some</em> applied index, never between two.</summary>
/// <remarks>One thread applies; any thread reads, checkpoints, copies. What readers see beside SQLite is one immutable object, replaced after each
/// commit. A failure while applying halts this replica for good: later applies and checkpoints throw, reads go on.</remarks>
internal sealed class SqliteStateMachine : IStateMachine
{
    private readonly Lock _applying = new();
    private readonly SqliteDatabase _writer;
    private readonly SqliteStatement _begin;
    private readonly SqliteStatement _commit;
    private readonly SqliteStatement _rollback;
    private readonly SqliteStatement _advance;
    private readonly KeyValueTable _table;
    private readonly EntryApplier _entries;
    private readonly ReadConnectionPool _readers;
    private readonly Checkpointer _checkpointer;
    private readonly OutgoingSnapshots _snapshots;
    private Published _published;
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
            byte keyspace = Keyspace.Of(meta.Descriptor.Kind);
            _begin = _writer.Prepare("BEGIN IMMEDIATE");
            _commit = _writer.Prepare("COMMIT");
            _rollback = _writer.Prepare("ROLLBACK");
            _advance = _writer.Prepare(
                "UPDATE raftdb_meta SET applied_index = ?2, applied_term = ?3, time = ?4, keys = ?5, bytes = ?6 WHERE range = ?1");
            _advance.Bind(1, (long)range.Value);
            _table = new(_writer, range, keyspace);
            _entries = new(_table);
            _published = new(meta, _table.EarliestExpiry());
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

    public HybridTimestamp Time => State.Meta.Time;

    public long CheckpointDebtBytes => _checkpointer.DebtBytes;

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
                // 1. Everything in one transaction, 2. then what it changed beside the rows, 3. and only after the commit do others see it.
                _begin.Run();
                var batch = new ApplyBatch(_published.Meta, _published.EarliestExpiry);
                int nextConfiguration = 0;
                for (int i = 0; i < entries.Count; i++)
                {
                    results.Add(_entries.Apply(entries[i], configurations, ref nextConfiguration, ref batch));
                }

                Check.That(nextConfiguration == configurations.Count, $"{configurations.Count} configurations were given for {nextConfiguration} entries");
                if (batch.EarliestIsStale)
                {
                    batch.EarliestExpiry = _table.EarliestExpiry();
                }

                StateMeta meta = batch.ToMeta();
                Store(meta);
                _commit.Run();
                Volatile.Write(ref _published, new(meta, batch.EarliestExpiry));
                _checkpointer.PagesWritten(_writer.PagesWritten);
            }
            catch (Exception e)
            {
                results.RemoveRange(kept, results.Count - kept);
                Halt(e);
                if (e is OutOfMemoryException)
                {
                    throw new StorageFailedException($"Memory ran out while applying to {_writer.Path}.", e);
                }

                throw;
            }
        }
    }

    public IReadView OpenReadView()
    {
        StateMeta atLeast = State.Meta;
        return _readers.Rent(atLeast);
    }

    public RangeCheckpoint? Checkpoint()
    {
        ThrowIfHalted();
        try
        {
            StateMeta? durable = _checkpointer.Run(_applying, _readers, () => State.Meta);
            return durable is null ? null : new(durable.Applied, durable.Configuration, durable.Descriptor, FileName);
        }
        catch (StorageFailedException e)
        {
            // What the file holds after a failed sync is not known: nothing more may be built on it.
            Interlocked.CompareExchange(ref _halted, e, null);
            throw;
        }
    }

    public ISnapshotSource BeginSnapshot() => _snapshots.Begin();

    public StateDigest ComputeDigest(CancellationToken cancel)
    {
        using SqliteReadView view = _readers.Rent(State.Meta);
        return view.ComputeDigest(cancel);
    }

    public void Dispose()
    {
        // In the order in which a checkpoint takes its locks: a running one ends first.
        _checkpointer.Dispose();
        _readers.Dispose();
        lock (_applying)
        {
            _writer.Dispose();
        }
    }

    private void Store(StateMeta meta)
    {
        if (meta.Shape != _published.Meta.Shape)
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
        try
        {
            _rollback.Run();
        }
        catch (StorageFailedException)
        {
            // SQLite has rolled back by itself already, or can't; either way nothing of the transaction is committed, and this connection is not used again.
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
