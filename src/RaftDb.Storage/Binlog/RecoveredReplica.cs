using RaftDb.Raft;
using RaftDb.Raft.Log;
using RaftDb.Raft.Membership;

namespace RaftDb.Storage.Binlog;

/// <summary>What the binlog knows of one replica when it is opened.</summary>
public sealed record RecoveredReplica
{
    /// <summary>The range.</summary>
    public required RangeId Range { get; init; }

    /// <summary>The replica.</summary>
    public required ReplicaId Replica { get; init; }

    /// <summary>The last hard state.</summary>
    public HardState HardState { get; init; }

    /// <summary>The entry before the first retained one.</summary>
    public LogPosition Floor { get; init; }

    /// <summary>The last entry.</summary>
    public LogIndex Last { get; init; }

    /// <summary>Terms of the retained entries.</summary>
    public IReadOnlyList<TermRun> TermRuns { get; init; } = [];

    /// <summary>The last mirrored checkpoint of the state machine (or the installed snapshot).</summary>
    public RangeCheckpoint? Checkpoint { get; init; }

    /// <summary>Why this replica is suspect (acknowledged records are damaged), or null.</summary>
    public string? Suspicion { get; init; }
}

/// <summary>A mirror of what a range's state machine holds durably.</summary>
/// <param name="Position">The durable applied index and its term.</param>
/// <param name="Configuration">The configuration there.</param>
/// <param name="Descriptor">The descriptor there.</param>
/// <param name="StateFile">The state file's name under ranges/ID.</param>
public sealed record RangeCheckpoint(
    LogPosition Position, Configuration Configuration, RangeDescriptor Descriptor, string StateFile);

/// <summary>A replica that was removed: its id must never come back.</summary>
public readonly record struct Tombstone(RangeId Range, ReplicaId Replica);
