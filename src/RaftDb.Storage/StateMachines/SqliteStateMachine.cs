using RaftDb.Raft;
using RaftDb.Raft.Log;
using RaftDb.Raft.Membership;
using RaftDb.Storage.Binlog;
using RaftDb.Storage.Disk;
using RaftDb.Storage.StateMachines.Changes;
using RaftDb.Storage.StateMachines.Commands;
using RaftDb.Storage.StateMachines.Memory;
using RaftDb.Storage.StateMachines.Reads;
using RaftDb.Storage.StateMachines.Sessions;
using RaftDb.Storage.StateMachines.Snapshots;
using RaftDb.Storage.StateMachines.Sqlite;

namespace RaftDb.Storage.StateMachines;

/// <summary>The state of one replica: one SQLite file, and in memory what was applied since the file was last written. Rows, sessions, applied index, descriptor and configuration get into the file together:
/// after a crash it is at <em>some</em> applied index, never between two, and the binlog brings the rest again.</summary>
/// <remarks>One thread applies, to the newest layer in memory. A full layer is sealed and written to the file in the background, in key order and one transaction. Any thread reads (layers and file
/// as one), checkpoints and copies. A failure while applying or writing halts this replica for good: later applies and checkpoints throw, reads go on. A full disk halts nothing:
/// layers wait in memory until there is room, and when there are too many of them applies are refused.</remarks>
internal sealed class SqliteStateMachine : IStateMachine
{
    /// <summary>Sealed layers at which applies wait: one that is being written, and one that filled up meanwhile.</summary>
    private const int MaxSealed = 2;

    /// <summary>What a layer must hold to be written because the node is short of memory.</summary>
    private const int WorthWriting = 256 << 10;

    // In the order in which they are taken: one who writes to the file, one who applies or changes what is shown.
    private readonly Lock _writing = new();
    private readonly Lock _applying = new();
    private readonly LayerResources _resources;
    private readonly SqliteDatabase _writer;
    private readonly LayerWriter _layers;
    private readonly FileReader _file;
    private readonly RowFactsCache _known;
    private readonly LayeredRows _rows;
    private readonly LayeredSessions _sessions;
    private readonly LayeredChanges _changes;
    private readonly EntryApplier _entries;
    private readonly ReadConnectionPool _readers;
    private readonly Checkpointer _checkpointer;
    private readonly OutgoingSnapshots _snapshots;
    private readonly WriterPace _pace = new(restAhead: 8, longest: TimeSpan.FromMilliseconds(100));
    private readonly AwaitedViews _awaited = new();
    private ShownState _shown;
    private Exception? _halted;
    private long _budgeted;
    private int _sealed;
    private bool _isScheduled;
    private bool _isDisposed;
    private bool _isClosed;

    /// <summary>Opens a state file that exists and holds the range.</summary>
    public SqliteStateMachine(string path, RangeId range, LayerResources resources)
    {
        StateMachineOptions options = resources.Options;
        FileName = Path.GetFileName(path);
        _resources = resources;
        _writer = new(path, SqliteAccess.ReadWrite);
        try
        {
            StateSchema.ConfigureWriter(_writer, options.WriterCacheBytes);
            StateMeta meta = StateMeta.ReadFrom(_writer, range);
            StateSchema.AddNewerTables(_writer);
            byte keyspace = Keyspace.Of(meta.Descriptor.Kind);
            _layers = new(_writer, range, keyspace);
            _file = new(path, range, options);
            _known = new(resources.FactsBudget, options.RowFactsSegmentSlots);
            _rows = new(new FileRows(_file, keyspace), _known);
            _sessions = new(new FileSessions(_file));
            _changes = new(new FileChanges(_file));
            _shown = new(meta, 0, [new()], meta);
            Restack();
            _shown = _shown with { EarliestExpiry = _rows.EarliestExpiry() };
            _entries = new(_rows, _sessions, _changes);
            _readers = new(path, range, keyspace, meta, options);
            _checkpointer = new(
                path, new(_writing, () => Shown.InFile, () => Shown is { Layers.Length: 1, Newest.Entries: 0 }, () => Filled, EndReads, _readers), options);
            _snapshots = new(path, range, options);
        }
        catch
        {
            _checkpointer?.Dispose();
            _file?.Dispose();
            _writer.Dispose();
            throw;
        }
    }

    public string FileName { get; }

    public LogPosition Applied => Shown.Meta.Applied;

    public RangeDescriptor Descriptor => Shown.Meta.Descriptor;

    public Configuration Configuration => Shown.Meta.Configuration;

    public (long Keys, long Bytes) Size => (Shown.Meta.Keys, Shown.Meta.Bytes);

    public HybridTimestamp? EarliestExpiry => Shown.EarliestExpiry is > 0 and long at ? HybridTimestamp.Of(at, 0) : null;

    public HybridTimestamp? EarliestSessionUse => _entries.Sessions.EarliestUse is > 0 and long at ? HybridTimestamp.Of(at, 0) : null;

    public HybridTimestamp Time => Shown.Meta.Time;

    public long CheckpointDebtBytes => WalBytes + Shown.UnwrittenBytes;

    public long WalBytes => _checkpointer.DebtBytes;

    public bool IsCrowded => IsFull(Shown.Newest) && Shown.Layers.Length > MaxSealed;

    private ShownState Shown => Volatile.Read(ref _shown);

    private long LayerBytes => _resources.LayerBytesOf(Shown.InFile.Bytes);

    /// <summary>Layers that have been filled since this was opened.</summary>
    private double Filled => Volatile.Read(ref _sealed) + ((double)Shown.Newest.Bytes / LayerBytes);

    public void Apply(
        IReadOnlyList<Entry> entries, IReadOnlyList<(LogIndex Index, Configuration Configuration)> configurations, List<CommandResult?> results)
    {
        if (entries.Count == 0)
        {
            return;
        }

        ThrowIfHalted();
        AwaitRoom();
        lock (_applying)
        {
            ThrowIfHalted();
            int kept = results.Count;
            try
            {
                if (IsFull(Shown.Newest))
                {
                    Seal();
                    Schedule();
                }

                // 1. Everything into the newest layer, 2. then what it changed beside the rows, 3. and only after both do others see it.
                var batch = new ApplyBatch(_shown.Meta, _shown.EarliestExpiry);
                int nextConfiguration = 0;
                for (int i = 0; i < entries.Count; i++)
                {
                    results.Add(_entries.Apply(entries[i], configurations, ref nextConfiguration, ref batch));
                }

                Check.That(nextConfiguration == configurations.Count, $"{configurations.Count} configurations were given for {nextConfiguration} entries");
                if (batch.EarliestIsStale)
                {
                    batch.EarliestExpiry = _rows.EarliestExpiry();
                }

                _shown.Newest.Entries += entries.Count;
                Show(_shown with { Meta = batch.ToMeta(), EarliestExpiry = batch.EarliestExpiry });
            }
            catch (Exception e)
            {
                // What the batch has left in the newest layer stands beyond what is shown, and is never written.
                results.RemoveRange(kept, results.Count - kept);
                Interlocked.CompareExchange(ref _halted, e, null);
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
        while (true)
        {
            // The layers are those above what the connection sees, or overlap with it; a connection that sees more than is shown here is one for what is shown by now.
            ShownState shown = Shown;
            ReadConnection connection = _readers.Rent(shown.InFile);
            if (connection.Shown.Applied.Index <= shown.Meta.Applied.Index)
            {
                return new LayeredReadView(_readers, connection, shown);
            }

            _readers.Return(connection);
        }
    }

    public Task<IFrozenView> OpenFrozenViewAsync()
    {
        lock (_applying)
        {
            ThrowIfHalted();
            if (Shown.Newest.Entries > 0)
            {
                Seal();
            }

            if (Shown.Oldest is null)
            {
                return Task.FromResult<IFrozenView>(_readers.RentFrozen(Shown.InFile));
            }

            Schedule();
            return _awaited.Add(Shown.Meta.Applied.Index);
        }
    }

    public RangeCheckpoint? Checkpoint() => Checkpoint(withMemory: true);

    public RangeCheckpoint? WriteBack() => Checkpoint(withMemory: false);

    public ISnapshotSource BeginSnapshot()
    {
        try
        {
            if (Volatile.Read(ref _halted) is null)
            {
                WriteAll();
            }
        }
        catch (DiskFullException)
        {
            // A copy of what was written last is good as well: its index is read from the copy.
        }

        return _snapshots.Begin();
    }

    public StateDigest ComputeDigest(CancellationToken cancel)
    {
        Task<IFrozenView> opening = OpenFrozenViewAsync();
        WriteAll();
        using IFrozenView view = opening.GetAwaiter().GetResult();
        return view.ComputeDigest(cancel);
    }

    public void Dispose()
    {
        lock (_applying)
        {
            _isDisposed = true;
        }

        // In the order in which a checkpoint takes its locks: a running one ends first.
        _checkpointer.Dispose();
        try
        {
            // For the next start to replay less.
            if (_halted is null)
            {
                WriteAll();
            }
        }
        catch (Exception e) when (e is StorageFailedException or DiskFullException)
        {
            // The binlog has it all: the next start replays more.
        }

        _readers.Dispose();
        _awaited.GiveUp(new StorageFailedException($"{_writer.Path} was closed."));
        lock (_writing)
        {
            lock (_applying)
            {
                _isClosed = true;
                _known.Dispose();
                _file.Dispose();
                _writer.Dispose();
                _resources.Budget.Take(-_budgeted);
                _budgeted = 0;
            }
        }
    }

    private RangeCheckpoint? Checkpoint(bool withMemory)
    {
        ThrowIfHalted();
        try
        {
            if (withMemory)
            {
                WriteAll();
            }

            StateMeta? durable = _checkpointer.Run(isUrgent: withMemory);
            return durable is null ? null : new(durable.Applied, durable.Configuration, durable.Descriptor, FileName);
        }
        catch (Exception e) when (SqliteFailure.IsFull(e))
        {
            // What could not be written is still in memory or in the WAL, or comes again from the binlog.
            return null;
        }
        catch (StorageFailedException e)
        {
            // What the file holds after a failed sync is not known: nothing more may be built on it.
            Interlocked.CompareExchange(ref _halted, e, null);
            throw;
        }
    }

    private bool IsFull(MemoryLayer layer) =>
        layer.Bytes >= LayerBytes || (_resources.Budget.IsExceeded && layer.Bytes >= WorthWriting);

    /// <summary>Ahead of a batch: waits until there is room for it, by writing what is sealed.</summary>
    private void AwaitRoom()
    {
        while (IsCrowded)
        {
            _pace.Hurry(() => WriteOldest());
        }
    }

    /// <summary>Under the lock of the applies: the newest layer takes no more, and a new one is begun.</summary>
    private void Seal()
    {
        _sealed++;
        _shown.Newest.End = _shown.Meta;
        Show(_shown with { Layers = [new(), .. _shown.Layers] });
        Restack();
    }

    private void Restack()
    {
        MemoryLayer[] layers = _shown.Layers;
        _rows.Stack(Array.ConvertAll(layers, l => l.Rows));
        _sessions.Stack(Array.ConvertAll(layers, l => l.Sessions));
        _changes.Stack(Array.ConvertAll(layers, l => l.Changes));

        // Not to and fro where the range is about as large as that.
        long from = _resources.Options.RowFactsFrom;
        _known.Keep(_shown.InFile.Bytes >= (_known.Bytes > 0 ? from / 2 : from));
    }

    private void Show(ShownState state)
    {
        Volatile.Write(ref _shown, state);
        long bytes = state.UnwrittenBytes;
        _resources.Budget.Take(bytes - _budgeted);
        _budgeted = bytes;
    }

    /// <summary>Under the lock of the applies: has the sealed layers written in the background.</summary>
    private void Schedule()
    {
        if (!_isScheduled && !_isDisposed)
        {
            _isScheduled = true;
            _resources.Queue.Add(WriteInBackground);
        }
    }

    private void WriteInBackground()
    {
        bool isDone;
        do
        {
            bool isStuck = false;
            try
            {
                // A transaction that begins while a checkpoint is under way goes behind what is in the WAL, and keeps the WAL from starting over.
                _checkpointer.AwaitEnd();
                WriteOldest();
            }
            catch (DiskFullException)
            {
                // Layers stay in memory. Who next seals one, applies beyond the bound or checkpoints tries again.
                isStuck = true;
            }
            catch (StorageFailedException)
            {
                // The replica is halted, and says so to whoever next applies or checkpoints.
                isStuck = true;
            }

            lock (_applying)
            {
                isDone = isStuck || _isDisposed || Shown.Oldest is null;
                _isScheduled = !isDone;
            }
        }
        while (!isDone);
    }

    /// <summary>Writes all that is applied to the file, without rests.</summary>
    private void WriteAll()
    {
        lock (_applying)
        {
            ThrowIfHalted();
            if (Shown.Newest.Entries > 0)
            {
                Seal();
            }
        }

        _pace.Hurry(() =>
        {
            while (WriteOldest())
            {
            }
        });
    }

    /// <summary>Writes the oldest sealed layer to the file; false when there is none.</summary>
    private bool WriteOldest()
    {
        lock (_writing)
        {
            ShownState shown = Shown;
            if (shown.Oldest is not { } layer || _isClosed)
            {
                return false;
            }

            try
            {
                if (_resources.Options.MaxPages > 0)
                {
                    _writer.Execute($"PRAGMA max_page_count = {_resources.Options.MaxPages}");
                }

                long layerBytes = LayerBytes;
                _pace.Begin();
                _layers.Write(layer, shown.InFile, written => _pace.Rest(written, (double)Shown.Newest.Bytes / layerBytes));
                _checkpointer.PagesWritten(_writer.PagesWritten);
            }
            catch (Exception e)
            {
                bool isFull = SqliteFailure.IsFull(e);
                Exception cause = isFull ? new DiskFullException($"No room on the disk to write to {_writer.Path}.", e) : e;
                _awaited.GiveUp(cause);
                if (isFull)
                {
                    throw cause;
                }

                Interlocked.CompareExchange(ref _halted, e, null);
                throw;
            }

            lock (_applying)
            {
                Show(_shown with { Layers = _shown.Layers[..^1], InFile = layer.End! });
                Restack();
                _file.End();
            }

            _readers.EndBegun();
            _awaited.Give(layer.End!, _readers);
            return true;
        }
    }

    /// <summary>Ends read transactions, those in use when they are given back: they would keep the WAL from starting over.</summary>
    private void EndReads()
    {
        lock (_applying)
        {
            _file.End();
        }

        _readers.EndBegun();
    }

    private void ThrowIfHalted()
    {
        if (Volatile.Read(ref _halted) is { } cause)
        {
            throw new StorageFailedException($"The state machine of {_writer.Path} halted earlier: {cause.Message}", cause);
        }
    }
}
