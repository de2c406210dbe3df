using RaftDb.Raft;
using RaftDb.Raft.Log;
using RaftDb.Raft.Membership;
using RaftDb.Storage.Binlog;
using RaftDb.Storage.StateMachines.Commands;
using RaftDb.Storage.StateMachines.Reads;
using RaftDb.Storage.StateMachines.Snapshots;

namespace RaftDb.Storage.StateMachines;

/// <summary>The state of one replica. <see cref="Apply"/> has one caller at a time; <see cref="OpenReadView"/> any number of threads; checkpoints, snapshots and
/// digests run beside applies.</summary>
public interface IStateMachine : IDisposable
{
    /// <summary>The last applied entry; moves only inside <see cref="Apply"/>, together with the data.</summary>
    LogPosition Applied { get; }

    /// <summary>The descriptor at <see cref="Applied"/>.</summary>
    RangeDescriptor Descriptor { get; }

    /// <summary>The configuration at <see cref="Applied"/>.</summary>
    Configuration Configuration { get; }

    /// <summary>The state file's name.</summary>
    string FileName { get; }

    /// <summary>When the earliest TTL runs out, by log time; null when no key has one.</summary>
    HybridTimestamp? EarliestExpiry { get; }

    /// <summary>A time before which no open session was used, by log time; null when there is none. May be too early: an expiry of sessions then finds none.</summary>
    HybridTimestamp? EarliestSessionUse => null;

    /// <summary>The latest time of an applied command. A node takes it over into its hybrid clock at open (<see cref="HybridClock.Restore"/>), so that the log's time
    /// does not go back when the machine's clock did.</summary>
    HybridTimestamp Time { get; }

    /// <summary>Whether an apply now would have to wait until there is room in memory. Thread-safe.</summary>
    bool IsCrowded => false;

    /// <summary>Applies consecutive entries (the first one follows <see cref="Applied"/>) together and adds one result per entry
    /// (null for no-ops and configuration changes). <paramref name="configurations"/> gives the configuration in force after each configuration entry.
    /// A local failure throws <see cref="StorageFailedException"/>, and so does a command that this version doesn't know (with <see cref="UnknownCommandException"/>
    /// inside); then nothing of the batch is applied and the replica stays halted: reads go on, later applies and checkpoints throw.
    /// A full disk throws <see cref="Disk.DiskFullException"/>; then nothing of the batch is applied either, and it may be tried again.</summary>
    void Apply(
        IReadOnlyList<Entry> entries, IReadOnlyList<(LogIndex Index, Configuration Configuration)> configurations, List<CommandResult?> results);

    /// <summary>A stable view of the state as of its <see cref="IReadView.Applied"/>, which is at least what <see cref="Applied"/> was at the call.</summary>
    IReadView OpenReadView();

    /// <summary>A view of the state as of the call, for a digest. Comes when all that is applied is written to the file, which may take a while; applies go on meanwhile. Fails with
    /// <see cref="StorageFailedException"/> when the state machine has halted.</summary>
    Task<IFrozenView> OpenFrozenViewAsync();

    /// <summary>Makes everything applied before the call durable in the state file (SQLite's checkpoint) and returns what it holds durably.
    /// Takes long; applies go on meanwhile, but for a moment at the end. Null: not everything could be written back (long readers, a full disk): try later. The caller has synced
    /// the binlog up to <see cref="Applied"/> of the call before.</summary>
    RangeCheckpoint? Checkpoint();

    /// <summary>As <see cref="Checkpoint"/>, for what is in the file and its WAL already: what gathers in memory goes on doing so.</summary>
    RangeCheckpoint? WriteBack();

    /// <summary>Bytes of changes that a checkpoint would write: those in memory and those in the WAL.</summary>
    long CheckpointDebtBytes { get; }

    /// <summary>Of <see cref="CheckpointDebtBytes"/>, those in the WAL.</summary>
    long WalBytes { get; }

    /// <summary>Starts a consistent copy for a follower.</summary>
    ISnapshotSource BeginSnapshot();

    /// <summary>A digest of all rows (not of local bookkeeping), equal on all replicas at the same applied index.</summary>
    StateDigest ComputeDigest(CancellationToken cancel);

    /// <summary>Keys and bytes (approximate) for status.</summary>
    (long Keys, long Bytes) Size { get; }
}

/// <summary>A digest of a range's whole state.</summary>
/// <param name="Applied">The applied index that it belongs to.</param>
/// <param name="Hash">SHA-256 over the rows in key order, in lower-case hex.</param>
/// <param name="Keys">How many rows.</param>
public readonly record struct StateDigest(LogPosition Applied, string Hash, long Keys);
