using RaftDb.Raft.Log;
using RaftDb.Raft.Membership;
using RaftDb.Raft.Messages;

namespace RaftDb.Raft;

/// <summary>Everything that can happen to a <see cref="RaftNode"/>. I/O results come back as inputs like any other.</summary>
public abstract record Input
{
    /// <summary>Time has passed; due timers fire. Also stepped implicitly with every batch of inputs.</summary>
    public sealed record Tick : Input
    {
        /// <summary>The one instance.</summary>
        public static readonly Tick Instance = new();
    }

    /// <summary>A message from another replica.</summary>
    public sealed record MessageReceived(Message Message) : Input;

    /// <summary>Commands to be appended in this order. Answered in <see cref="Ready.Proposals"/>, one outcome per input.</summary>
    public sealed record Propose(IReadOnlyList<ReadOnlyMemory<byte>> Commands) : Input;

    /// <summary>A change of membership. Answered in <see cref="Ready.Proposals"/>.</summary>
    public sealed record ProposeConfigurationChange(ConfigurationChange Change) : Input;

    /// <summary>The node's own log is durable up to this entry. Ignored when the entry has since been overwritten.</summary>
    public sealed record EntriesPersisted(LogPosition Last) : Input;

    /// <summary>The state machine has applied everything up to here.</summary>
    public sealed record Applied(LogIndex Index) : Input;

    /// <summary>The snapshot of <see cref="Ready.SnapshotToInstall"/> is installed durably and is the state now.</summary>
    public sealed record SnapshotInstalled(SnapshotMetadata Snapshot) : Input;

    /// <summary>Sending a snapshot to a follower ended.</summary>
    public sealed record SnapshotSent(ReplicaId Follower, LogPosition Position, bool Succeeded) : Input;

    /// <summary>A linearizable read wants an index; answered in <see cref="Ready.Reads"/> under the same context, which the
    /// caller never reuses. Works on leaders and followers.</summary>
    public sealed record ReadIndex(ulong Context) : Input;

    /// <summary>Hand leadership to a voter. Answered in <see cref="Ready.Transfers"/> at once when refused, otherwise when it is over.</summary>
    public sealed record TransferLeadership(ReplicaId To) : Input;

    /// <summary>Campaign now, as if the election timeout had passed.</summary>
    public sealed record Campaign : Input;

    /// <summary>The last message to this replica was certainly not delivered, or the link to it was lost: probe before streaming on.</summary>
    public sealed record Unreachable(ReplicaId Replica) : Input;

    /// <summary>The process of this replica is known to be gone: its connection was lost and a redial was refused or answered by
    /// another incarnation. A sign that the timeout need not be awaited, where the range allows that.</summary>
    public sealed record ProcessLost(ReplicaId Replica) : Input;

    /// <summary>The node of this replica has not been heard from for a while: a quiet group wakes and runs its timers.</summary>
    public sealed record Suspected(ReplicaId Replica) : Input;

    /// <summary>The log before and including this position is no longer retained.</summary>
    public sealed record LogCompacted(LogPosition Floor) : Input;

    /// <summary>Followers should report their applied index up to here (see <see cref="AppendEntries.ReportApplied"/>).</summary>
    public sealed record RequestAppliedReports(LogIndex Index) : Input;
}
