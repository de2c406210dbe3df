using RaftDb.Raft.Log;
using RaftDb.Raft.Membership;
using RaftDb.Raft.Messages;

namespace RaftDb.Raft;

/// <summary>What a <see cref="RaftNode"/> wants done, in this order: persist <see cref="HardState"/> and <see cref="Entries"/> in
/// one atomic write; send <see cref="Messages"/> at once; send <see cref="MessagesAfterPersist"/> when that write (and all
/// earlier ones) are durable, and tell the node by <see cref="Input.EntriesPersisted"/>; apply <see cref="Committed"/> in order and
/// tell by <see cref="Input.Applied"/>; answer the rest. A new object per batch of inputs: its lists may be kept, and are never changed (messages share them).
/// <para>A message in <see cref="MessagesAfterPersist"/> that is addressed to the node itself (a candidate's own vote) is stepped back
/// as <see cref="Input.MessageReceived"/> at the time when the others leave.</para>
/// <para>Each object with <see cref="Entries"/> is reported by one <see cref="Input.EntriesPersisted"/> naming the last of them, in order; a report
/// covers all earlier objects.</para></summary>
public sealed class Ready
{
    /// <summary>The hard state, when it changed. With no entries and only a moved commit index it needs no write of its own
    /// (see <see cref="MustSync"/>).</summary>
    public HardState? HardState { get; set; }

    /// <summary>Whether the write must be durable before anything depends on it: there are entries, or term or vote changed.</summary>
    public bool MustSync { get; set; }

    /// <summary>Consecutive entries to append. Where the first one's index is not after the log's end, what is there from that
    /// index on is replaced.</summary>
    public List<Entry> Entries { get; } = [];

    /// <summary>Messages that depend on nothing that is not durable already.</summary>
    public List<Message> Messages { get; } = [];

    /// <summary>Messages that may leave only after this object's write is durable.</summary>
    public List<Message> MessagesAfterPersist { get; } = [];

    /// <summary>Committed entries, durable in this node's own log, to be applied in order. Bounded in bytes; more follow when these are
    /// applied (or earlier: <see cref="RaftOptions.MaxApplyingBytes"/>).</summary>
    public List<Entry> Committed { get; } = [];

    /// <summary>For each configuration entry in <see cref="Committed"/>: the configuration that is in force once it is applied (the old
    /// one, if the change turned out not to be possible).</summary>
    public List<(LogIndex Index, Configuration Configuration)> Configurations { get; } = [];

    /// <summary>A snapshot to install: the data was received already. Answered by <see cref="Input.SnapshotInstalled"/>; until then the node takes
    /// no entries.</summary>
    public SnapshotMetadata? SnapshotToInstall { get; set; }

    /// <summary>Followers whose next entry is no longer retained: each needs a snapshot. Answered by <see cref="Input.SnapshotSent"/>.</summary>
    public List<ReplicaId> SnapshotsToSend { get; } = [];

    /// <summary>One outcome for each proposal input, in their order.</summary>
    public List<ProposalOutcome> Proposals { get; } = [];

    /// <summary>Read indexes that were confirmed or refused.</summary>
    public List<ReadOutcome> Reads { get; } = [];

    /// <summary>Leadership transfers that ended.</summary>
    public List<TransferOutcome> Transfers { get; } = [];

    /// <summary>Whether term, role or leader changed.</summary>
    public bool RoleChanged { get; set; }

    /// <summary>Whether there is nothing to do.</summary>
    public bool IsEmpty =>
        HardState is null && Entries.Count == 0 && Messages.Count == 0 && MessagesAfterPersist.Count == 0 &&
        Committed.Count == 0 && SnapshotToInstall is null && SnapshotsToSend.Count == 0 && Proposals.Count == 0 &&
        Reads.Count == 0 && Transfers.Count == 0 && !RoleChanged;
}

/// <summary>Why a proposal was not appended.</summary>
public enum ProposalRefusal : byte
{
    /// <summary>It was appended (which does not mean that it will be committed).</summary>
    None,

    /// <summary>This replica is not the leader.</summary>
    NotLeader,

    /// <summary>Leadership is being handed over.</summary>
    Transferring,

    /// <summary>Too many uncommitted bytes: try again later.</summary>
    Overloaded,

    /// <summary>Another configuration change is under way, or none is possible before an entry of this term is committed.</summary>
    ConfigurationChangePending,

    /// <summary>The configuration change makes no sense in the current configuration.</summary>
    ConfigurationChangeInvalid,
}

/// <summary>What became of one proposal input. Of a batch, a prefix of <see cref="Accepted"/> commands was appended at
/// <see cref="First"/> and following; the rest was refused for <see cref="Refusal"/>.</summary>
public readonly record struct ProposalOutcome(int Accepted, LogPosition First, ProposalRefusal Refusal, string? Detail = null);

/// <summary>The answer to a <see cref="Input.ReadIndex"/>: read once <see cref="Index"/> is applied; or, when refused (no leader known, or the leader
/// changed meanwhile), ask again.</summary>
public readonly record struct ReadOutcome(ulong Context, LogIndex Index, bool Refused);

/// <summary>How a leadership transfer ended.</summary>
public readonly record struct TransferOutcome(ReplicaId To, bool Succeeded, string? Detail);
