using RaftDb.Raft;
using RaftDb.Raft.Log;
using RaftDb.Raft.Membership;
using RaftDb.Storage;
using RaftDb.Storage.Binlog;
using RaftDb.Storage.StateMachines;
using RaftDb.Storage.StateMachines.Commands;
using RaftDb.Storage.StateMachines.Reads;
using RaftDb.Storage.StateMachines.Snapshots;

namespace RaftDb.Simulation.States;

/// <summary>A state machine without SQLite: the product's own applier over immutable maps, and over the product's layers in memory beside them.</summary>
internal sealed class SimStateMachine : IStateMachine
{
    private readonly RangeId _range;
    private readonly SimStateFile _file;
    private readonly SimStateStore _store;
    private readonly IStateObserver _observer;
    private readonly SimTable _table = new();
    private readonly CheckedRows? _rows;
    private readonly SimSessionTable _sessions = new();
    private readonly EntryApplier _entries;
    private StateVersion _published;

    public SimStateMachine(RangeId range, SimStateFile file, SimStateStore store, IStateObserver observer)
    {
        _range = range;
        _file = file;
        _store = store;
        _observer = observer;
        _published = Mutants.SessionForgottenAtRestart ? file.Latest with { Sessions = SimSessions.None } : file.Latest;
        _sessions.Now = _published.Sessions;
        _rows = store.ChecksLayers ? new(_table) : null;
        _rows?.Open(_published);
        file.Changed = change =>
        {
            _published = change(_published);
            _rows?.Open(_published);
        };
        _entries = new(Rows, _sessions, new NoChanges());
    }

    public LogPosition Applied => _published.Meta.Applied;

    public RangeDescriptor Descriptor => _published.Meta.Descriptor;

    public Configuration Configuration => _published.Meta.Configuration;

    public string FileName => _file.Name;

    public HybridTimestamp? EarliestExpiry => _published.EarliestExpiry is > 0 and long at ? HybridTimestamp.Of(at, 0) : null;

    public HybridTimestamp? EarliestSessionUse => _entries.Sessions.EarliestUse is > 0 and long at ? HybridTimestamp.Of(at, 0) : null;

    public HybridTimestamp Time => _published.Meta.Time;

    public long CheckpointDebtBytes => Server.Replicas.CheckpointPolicy.MaxWalBytes * _file.Debt / _store.CheckpointEvery;

    public long WalBytes => CheckpointDebtBytes;

    public (long Keys, long Bytes) Size => (_published.Meta.Keys, _published.Meta.Bytes);

    private IKeyValueTable Rows => _rows is null ? _table : _rows;

    /// <summary>The state as it is.</summary>
    public StateVersion Version => _published;

    /// <summary>Whether a row of it has rotted.</summary>
    public bool IsRotten => _file.IsRotten;

    public void Apply(
        IReadOnlyList<Entry> entries, IReadOnlyList<(LogIndex Index, Configuration Configuration)> configurations, List<CommandResult?> results)
    {
        if (_file.IsBroken)
        {
            throw new StorageFailedException($"State file {FileName} can't be written (injected).");
        }

#if RAFTDB_MUTANTS
        Mutants.WallMilliseconds = _store.WallMilliseconds;
#endif
        _table.Begin(_published);
        _rows?.Batch(_published);
        ApplyBatch batch = new(_published.Meta, _published.EarliestExpiry);
        int next = 0;
        for (int i = 0; i < entries.Count; i++)
        {
            results.Add(_entries.Apply(entries[i], configurations, ref next, ref batch));
            _observer.Applied(_range, entries[i], _table.Hash + _sessions.Now.Hash, batch.Configuration);
            if (Mutants.AppliedIndexOutsideTheTransaction && i == entries.Count / 2)
            {
                _file.Commit(_table.End(_published.Meta, _sessions.Now));
            }
        }

        Check.That(next == configurations.Count, $"{configurations.Count} configurations were given for {next} entries");
        if (batch.EarliestIsStale)
        {
            batch.EarliestExpiry = Rows.EarliestExpiry();
        }

        _published = _table.End(batch.ToMeta(), _sessions.Now);
        Check.That(batch.EarliestExpiry == _published.EarliestExpiry, $"the earliest expiry is {_published.EarliestExpiry}, and the batch says {batch.EarliestExpiry}");
        _file.Commit(_published);
    }

    public IReadView OpenReadView() => new SimReadView(_published);

    public Task<IFrozenView> OpenFrozenViewAsync() => Task.FromResult<IFrozenView>(new SimReadView(_published));

    public RangeCheckpoint? Checkpoint()
    {
        if (!Mutants.CheckpointNotDurable)
        {
            _file.Checkpoint();
        }

        StateMeta meta = _published.Meta;
        return new(meta.Applied, meta.Configuration, meta.Descriptor, FileName);
    }

    /// <summary>Nothing gathers in memory here.</summary>
    public RangeCheckpoint? WriteBack() => Checkpoint();

    /// <summary>What has rotted on one machine stays there: a copy of it would hurt a second one.</summary>
    public ISnapshotSource BeginSnapshot()
    {
        if (_file.Heal())
        {
            _store.Healed();
        }

        return new SimSnapshotSource(_published);
    }

    public StateDigest ComputeDigest(CancellationToken cancel) => new(Applied, _published.Hash.ToString("x16"), _published.Rows.Count);

    public void Dispose()
    {
    }
}
