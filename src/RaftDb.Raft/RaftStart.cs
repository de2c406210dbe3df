using RaftDb.Raft.Log;
using RaftDb.Raft.Membership;

namespace RaftDb.Raft;

/// <summary>What a replica knows when its process starts: all of it durable.</summary>
public sealed record RaftStart
{
    /// <summary>This replica.</summary>
    public required ReplicaId Replica { get; init; }

    /// <summary>The persisted hard state; default for a new group.</summary>
    public HardState HardState { get; init; }

    /// <summary>The configuration in force at <see cref="Applied"/>.</summary>
    public required Configuration Configuration { get; init; }

    /// <summary>The state machine's applied index.</summary>
    public LogIndex Applied { get; init; }

    /// <summary>The entry before the first retained one; zero when the whole log is there.</summary>
    public LogPosition Floor { get; init; } = LogPosition.Zero;

    /// <summary>The last entry's index; equals the floor's when no entry is retained.</summary>
    public LogIndex Last { get; init; }

    /// <summary>The terms of the retained entries, ascending; empty when there are none.</summary>
    public IReadOnlyList<TermRun> TermRuns { get; init; } = [];

    /// <summary>The durable log or state is known to be damaged: never vote, never campaign, never acknowledge as if complete.</summary>
    public bool Suspect { get; init; }
}
