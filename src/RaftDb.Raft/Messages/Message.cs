using RaftDb.Raft.Log;

namespace RaftDb.Raft.Messages;

/// <summary>What one replica of a group tells another. Domain types; the wire format is the transport's.</summary>
/// <param name="From">The sender.</param>
/// <param name="To">The receiver; a replica drops what is not addressed to it.</param>
/// <param name="Term">The sender's term, except for pre-votes, where a request carries the term it would campaign in.</param>
public abstract record Message(ReplicaId From, ReplicaId To, Term Term);

/// <summary>RequestVote (thesis 3.4) and, with <paramref name="PreVote"/>, its rehearsal (9.6).</summary>
/// <param name="Last">The candidate's last entry, the last <i>persisted</i> one.</param>
/// <param name="PreVote">A pre-vote: the voter changes nothing.</param>
/// <param name="Transfer">The candidate was told to campaign by its leader (TimeoutNow): voters don't protect that leader.</param>
/// <param name="LeaderCrashed">The candidate saw its leader's process die; a voter that saw the same need not wait.</param>
public sealed record VoteRequest(
    ReplicaId From, ReplicaId To, Term Term, LogPosition Last, bool PreVote, bool Transfer, bool LeaderCrashed)
    : Message(From, To, Term)
{
    /// <summary>The last entry that the sender knows to be committed: a fact, whoever tells it. Without it a group could be stuck in
    /// a joint configuration that only replicas which have left it know to be over.</summary>
    public LogPosition Commit { get; init; }
}

/// <summary>The answer to a <see cref="VoteRequest"/>. A granted pre-vote carries the term asked for, a refusal the voter's own.</summary>
public sealed record VoteResponse(ReplicaId From, ReplicaId To, Term Term, bool PreVote, bool Granted)
    : Message(From, To, Term)
{
    /// <summary>As <see cref="VoteRequest.Commit"/>.</summary>
    public LogPosition Commit { get; init; }
}

/// <summary>AppendEntries (thesis 3.5). The list of entries is shared between messages and never changed.</summary>
/// <param name="Previous">The entry just before <paramref name="Entries"/>.</param>
/// <param name="Entries">Consecutive entries; empty in a probe or to tell of a commit.</param>
/// <param name="Commit">The leader's commit index.</param>
/// <param name="ReportApplied">The leader wants to know when what it has sent is applied.</param>
public sealed record AppendEntries(
    ReplicaId From, ReplicaId To, Term Term, LogPosition Previous, IReadOnlyList<Entry> Entries, LogIndex Commit, bool ReportApplied)
    : Message(From, To, Term);

/// <summary>The answer to <see cref="AppendEntries"/> and to an installed snapshot; also sent unasked to report an applied index.</summary>
/// <param name="Rejected">The follower has no entry that matches <c>Previous</c>.</param>
/// <param name="Match">Accepted: the last index known to equal the leader's log, durable. Rejected: the rejected previous index.</param>
/// <param name="Hint">Rejected: the follower's best guess of an index and term where the logs may agree.</param>
/// <param name="Applied">The follower's applied index.</param>
public sealed record AppendEntriesResponse(
    ReplicaId From, ReplicaId To, Term Term, bool Rejected, LogIndex Match, LogPosition Hint, LogIndex Applied)
    : Message(From, To, Term);

/// <summary>A leader's sign of life, which also carries the round of ReadIndex confirmation it belongs to.</summary>
/// <param name="Commit">At most what this follower is known to match.</param>
/// <param name="ReadRound">A number of the leader's own, ascending within its term; echoed.</param>
/// <param name="Quiesce">Everything is replicated and applied: the leader falls silent after this.</param>
public sealed record Heartbeat(ReplicaId From, ReplicaId To, Term Term, LogIndex Commit, ulong ReadRound, bool Quiesce)
    : Message(From, To, Term);

/// <summary>The answer to a <see cref="Heartbeat"/>.</summary>
public sealed record HeartbeatResponse(ReplicaId From, ReplicaId To, Term Term, ulong ReadRound, LogIndex Applied)
    : Message(From, To, Term);

/// <summary>Says that the state up to <paramref name="Snapshot"/> has been received and verified beside the group's messages;
/// stepped into the receiving node by its own replica in the leader's name once the data is there.</summary>
public sealed record InstallSnapshot(ReplicaId From, ReplicaId To, Term Term, SnapshotMetadata Snapshot)
    : Message(From, To, Term);

/// <summary>Tells the receiver to campaign at once (thesis 3.10).</summary>
public sealed record TimeoutNow(ReplicaId From, ReplicaId To, Term Term) : Message(From, To, Term);

/// <summary>A follower asks the leader for a read index.</summary>
/// <param name="Context">The follower's own number for it; echoed.</param>
public sealed record ReadIndexRequest(ReplicaId From, ReplicaId To, Term Term, ulong Context) : Message(From, To, Term);

/// <summary>The answer: a commit index that a quorum confirmed in a round begun after the request came.</summary>
public sealed record ReadIndexResponse(ReplicaId From, ReplicaId To, Term Term, ulong Context, LogIndex Index, bool Refused)
    : Message(From, To, Term);
