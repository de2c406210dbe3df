using System.Text;

namespace RaftDb.Raft.Membership;

/// <summary>The members of a group. While <see cref="OutgoingVoters"/> is not empty the group is in joint consensus:
/// every decision needs a majority of both voter sets (thesis section 4.3). Immutable, equal by content; all sets are in
/// ascending order without repetition, and copied when they are set.</summary>
public sealed record Configuration
{
    /// <summary>No members.</summary>
    public static readonly Configuration Empty = new();

    private readonly ReplicaId[] _voters = [];
    private readonly ReplicaId[] _outgoingVoters = [];
    private readonly ReplicaId[] _learners = [];
    private readonly ReplicaId[] _learnersNext = [];

    /// <summary>Made when first asked for. Every init accessor clears it, because a <c>with</c> copies it along.</summary>
    private ReplicaId[]? _members;

    /// <summary>The voters (of the incoming half while joint).</summary>
    public IReadOnlyList<ReplicaId> Voters
    {
        get => _voters;
        init
        {
            _voters = Ascending(value);
            _members = null;
        }
    }

    /// <summary>The voters of the outgoing half; empty unless joint.</summary>
    public IReadOnlyList<ReplicaId> OutgoingVoters
    {
        get => _outgoingVoters;
        init
        {
            _outgoingVoters = Ascending(value);
            _members = null;
        }
    }

    /// <summary>Members that receive the log and don't count for anything.</summary>
    public IReadOnlyList<ReplicaId> Learners
    {
        get => _learners;
        init
        {
            _learners = Ascending(value);
            _members = null;
        }
    }

    /// <summary>Outgoing voters that become learners when the joint configuration is left.</summary>
    public IReadOnlyList<ReplicaId> LearnersNext
    {
        get => _learnersNext;
        init
        {
            _learnersNext = Ascending(value);
            _members = null;
        }
    }

    /// <summary>Whether the leader leaves the joint configuration by itself.</summary>
    public bool AutoLeave { get; init; }

    /// <summary>Whether two voter sets are in force.</summary>
    public bool IsJoint => _outgoingVoters.Length > 0;

    /// <summary>Everybody who receives the log, each once, in ascending order.</summary>
    public IReadOnlyList<ReplicaId> Members =>
        _members ??= [.. _voters.Union(_outgoingVoters).Union(_learners).Union(_learnersNext).Order()];

    internal ReadOnlySpan<ReplicaId> VoterSpan => _voters;

    internal ReadOnlySpan<ReplicaId> OutgoingVoterSpan => _outgoingVoters;

    /// <summary>A configuration with these voters only.</summary>
    public static Configuration OfVoters(params IEnumerable<ReplicaId> voters) =>
        new() { Voters = [.. voters.Order()] };

    /// <summary>Whether the replica is a member in any way.</summary>
    public bool Contains(ReplicaId replica) =>
        IsVoter(replica) || IsLearner(replica) || Has(_learnersNext, replica);

    /// <summary>Whether the replica votes in either half. One of <see cref="LearnersNext"/> still does.</summary>
    public bool IsVoter(ReplicaId replica) => Has(_voters, replica) || Has(_outgoingVoters, replica);

    /// <summary>Whether the replica receives the log without a vote.</summary>
    public bool IsLearner(ReplicaId replica) => Has(_learners, replica);

    /// <summary>What contradicts itself in this configuration, or null: the gate for what comes from a disk or a peer.</summary>
    public string? FindFault()
    {
        if (Contains(ReplicaId.None))
        {
            return "replica 0 is no replica";
        }

        if (_voters.Length == 0 && Members.Count > 0)
        {
            return "there are members and no voter";
        }

        if (_learners.FirstOrDefault(IsVoter) is { IsNone: false } both)
        {
            return $"replica {both} is a voter and a learner";
        }

        foreach (var next in _learnersNext)
        {
            if (!Has(_outgoingVoters, next) || Has(_voters, next) || IsLearner(next))
            {
                return $"replica {next} can't become a learner next: it must be an outgoing voter and nothing else";
            }
        }

        return AutoLeave && !IsJoint ? "only a joint configuration is left automatically" : null;
    }

    /// <inheritdoc/>
    public bool Equals(Configuration? other) =>
        other is not null &&
        AutoLeave == other.AutoLeave &&
        _voters.AsSpan().SequenceEqual(other._voters) &&
        _outgoingVoters.AsSpan().SequenceEqual(other._outgoingVoters) &&
        _learners.AsSpan().SequenceEqual(other._learners) &&
        _learnersNext.AsSpan().SequenceEqual(other._learnersNext);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        var hash = default(HashCode);
        hash.Add(AutoLeave);
        foreach (ReplicaId[] set in (ReadOnlySpan<ReplicaId[]>)[_voters, _outgoingVoters, _learners, _learnersNext])
        {
            hash.Add(set.Length);
            foreach (var replica in set)
            {
                hash.Add(replica);
            }
        }

        return hash.ToHashCode();
    }

    /// <summary>For people, and for golden files: <c>voters=(1 2 3)&amp;&amp;(1) learners=(4) learners_next=(2) autoleave</c>.</summary>
    public override string ToString()
    {
        var text = new StringBuilder("voters=(").AppendJoin(' ', _voters).Append(')');
        if (IsJoint)
        {
            text.Append("&&(").AppendJoin(' ', _outgoingVoters).Append(')');
        }

        if (_learners.Length > 0)
        {
            text.Append(" learners=(").AppendJoin(' ', _learners).Append(')');
        }

        if (_learnersNext.Length > 0)
        {
            text.Append(" learners_next=(").AppendJoin(' ', _learnersNext).Append(')');
        }

        return text.Append(AutoLeave ? " autoleave" : "").ToString();
    }

    /// <summary>Sets are a handful of ids: a scan is faster than anything cleverer.</summary>
    private static bool Has(ReplicaId[] set, ReplicaId replica) => Array.IndexOf(set, replica) >= 0;

    private static ReplicaId[] Ascending(IReadOnlyList<ReplicaId> set)
    {
        for (var i = 1; i < set.Count; i++)
        {
            Check.That(set[i - 1].Value < set[i].Value, $"replicas {set[i - 1]} and {set[i]} are not in ascending order");
        }

        return [.. set];
    }
}
