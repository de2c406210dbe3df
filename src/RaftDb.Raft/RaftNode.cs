using RaftDb.Raft.Log;
using RaftDb.Raft.Membership;

namespace RaftDb.Raft;

/// <summary>One replica's part in the consensus of one group, without I/O, threads or clocks: inputs go in, a <see cref="Ready"/> comes out.
/// Not thread-safe; whoever drives it owns it.</summary>
public sealed class RaftNode
{
    /// <summary>Starts from what is durable. <paramref name="seed"/> drives the randomized timeouts.</summary>
    public RaftNode(RaftOptions options, RaftStart start, ILogReader log, Instant now, ulong seed) => throw new NotImplementedException();

    /// <summary>Takes inputs in order at one time and says what to do. Timers that are due at <paramref name="now"/> fire first. Time never goes
    /// back.</summary>
    public Ready Step(Instant now, params ReadOnlySpan<Input> inputs) => throw new NotImplementedException();

    /// <summary>When the next timer is due; <see cref="Instant.Never"/> for a quiet group.</summary>
    public Instant NextDeadline => throw new NotImplementedException();

    /// <summary>This replica.</summary>
    public ReplicaId Replica => throw new NotImplementedException();

    /// <summary>The current term.</summary>
    public Term Term => throw new NotImplementedException();

    /// <summary>The current role.</summary>
    public Role Role => throw new NotImplementedException();

    /// <summary>The leader of this term, where known.</summary>
    public ReplicaId Leader => throw new NotImplementedException();

    /// <summary>The configuration in force (the applied one).</summary>
    public Configuration Configuration => throw new NotImplementedException();

    /// <summary>The commit index.</summary>
    public LogIndex Commit => throw new NotImplementedException();

    /// <summary>The applied index.</summary>
    public LogIndex Applied => throw new NotImplementedException();

    /// <summary>The last index of the own log that is durable.</summary>
    public LogIndex Persisted => throw new NotImplementedException();

    /// <summary>The last entry of the own log, durable or not.</summary>
    public LogPosition Last => throw new NotImplementedException();

    /// <summary>The entry before the first retained one.</summary>
    public LogPosition Floor => throw new NotImplementedException();

    /// <summary>The term of a retained entry or of the floor.</summary>
    public Term TermOf(LogIndex index) => throw new NotImplementedException();

    /// <summary>Whether this leader may serve linearizable reads at <paramref name="now"/> without a quorum round. To be asked before <i>and after</i> the read.</summary>
    public bool HoldsLease(Instant now) => throw new NotImplementedException();

    /// <summary>Whether the group is silent.</summary>
    public bool IsQuiet => throw new NotImplementedException();

    /// <summary>What the leader knows of each member, for status and for synchronous replication; empty unless leader.</summary>
    public IReadOnlyList<FollowerStatus> Followers(Instant now) => throw new NotImplementedException();
}

/// <summary>A leader's view of one member (itself included).</summary>
/// <param name="Replica">The member.</param>
/// <param name="IsVoter">Voter, or learner.</param>
/// <param name="State">probe, replicate, snapshot, or leader for itself.</param>
/// <param name="Match">The last index known to be durable there and equal.</param>
/// <param name="Applied">The last applied index it reported.</param>
/// <param name="IsLive">Heard from within the election timeout.</param>
public readonly record struct FollowerStatus(
    ReplicaId Replica, bool IsVoter, string State, LogIndex Match, LogIndex Applied, bool IsLive);
