using RaftDb.Raft;
using RaftDb.Raft.Log;
using RaftDb.Raft.Membership;
using RaftDb.Storage;
using RaftDb.Storage.Binlog;
using RaftDb.Storage.StateMachines;
using RaftDb.Storage.StateMachines.Commands;
using RaftDb.Storage.StateMachines.Reads;
using RaftDb.Storage.StateMachines.Snapshots;

namespace RaftDb.Cli.Bench.Engine;

/// <summary>A state machine that does as little as can be: it counts. What remains is the cost of the log, its replication, and its way through the node.</summary>
internal sealed class CountingMachine(RangeDescriptor descriptor, Configuration configuration) : IStateMachine
{
    /// <summary>Where there should be data.</summary>
    private const string None = "The benchmark's state machine only counts: it has no data to show, copy or compare.";

    private static readonly CommandResult Counted = new(CommandStatus.Done, true, 0, []);

    private volatile Position _applied = new(LogPosition.Zero);
    private volatile Configuration _configuration = configuration;
    private long _commands;

    public LogPosition Applied => _applied.Value;

    public RangeDescriptor Descriptor => descriptor;

    public Configuration Configuration => _configuration;

    public string FileName => "counter";

    public HybridTimestamp? EarliestExpiry => null;

    public HybridTimestamp Time => default;

    public long CheckpointDebtBytes => 0;

    public long WalBytes => 0;

    public (long Keys, long Bytes) Size => (0, 0);

    /// <summary>Commands applied so far.</summary>
    public long Commands => Volatile.Read(ref _commands);

    public void Apply(IReadOnlyList<Entry> entries, IReadOnlyList<(LogIndex Index, Configuration Configuration)> configurations, List<CommandResult?> results)
    {
        long commands = _commands;
        for (int i = 0; i < entries.Count; i++)
        {
            bool isCommand = entries[i].Kind == EntryKind.Command;
            commands += isCommand ? 1 : 0;
            results.Add(isCommand ? Counted : null);
        }

        if (configurations.Count > 0)
        {
            _configuration = configurations[^1].Configuration;
        }

        Check.That(entries[0].Index == Applied.Index + 1, $"entry {entries[0].Index} follows {Applied.Index}");
        Entry last = entries[^1];
        _applied = new(new(last.Index, last.Term));
        Volatile.Write(ref _commands, commands);
    }

    public IReadView OpenReadView() => throw new NotSupportedException(None);

    public Task<IFrozenView> OpenFrozenViewAsync() => throw new NotSupportedException(None);

    public RangeCheckpoint? Checkpoint() => new(Applied, Configuration, descriptor, FileName);

    public RangeCheckpoint? WriteBack() => Checkpoint();

    public ISnapshotSource BeginSnapshot() => throw new IOException(None);

    public StateDigest ComputeDigest(CancellationToken cancel) => throw new NotSupportedException(None);

    public void Dispose()
    {
        // It holds nothing.
    }

    private sealed record Position(LogPosition Value);
}
