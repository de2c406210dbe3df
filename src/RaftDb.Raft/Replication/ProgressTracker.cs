using RaftDb.Raft.Membership;
using RaftDb.Raft.Quorum;

namespace RaftDb.Raft.Replication;

/// <summary>The progress of exactly the members of the configuration in force, in ascending order.</summary>
internal sealed class ProgressTracker
{
    private readonly NodeState _state;
    private Progress[] _members = [];

    public ProgressTracker(NodeState state)
    {
        _state = state;
        Update();
    }

    public ReadOnlySpan<Progress> Members => _members;

    public Progress? Find(ReplicaId replica)
    {
        foreach (Progress member in _members)
        {
            if (member.Replica == replica)
            {
                return member;
            }
        }

        return null;
    }

    /// <summary>Follows the configuration in force: newcomers are probed, who left is forgotten.</summary>
    public void Update()
    {
        Configuration configuration = _state.Membership.Current;
        var ids = new SortedSet<ReplicaId>(configuration.Voters);
        ids.UnionWith(configuration.OutgoingVoters);
        ids.UnionWith(configuration.Learners);
        var members = new List<Progress>(ids.Count);
        foreach (ReplicaId id in ids)
        {
            // A newcomer counts as heard, so that it isn't the reason for stepping down before it had a chance to answer.
            Progress member = Find(id) ?? new Progress(id, _state.Log.LastIndex.Next) { HeardInWindow = true };
            member.IsVoter = _state.Membership.IsVoter(id);
            members.Add(member);
        }

        _members = [.. members];
        Find(_state.Self)?.Advance(_state.Log.Persisted);
    }

    /// <summary>The highest index that a quorum has durably.</summary>
    public LogIndex QuorumMatch() =>
        JointQuorum.CommittedIndex(_state.Membership.Current, new Matches(this, Mutants.LeaderCountsItselfEarly));

    /// <summary>What that would be if the leader had its whole log durably.</summary>
    public LogIndex QuorumMatchOncePersisted() =>
        JointQuorum.CommittedIndex(_state.Membership.Current, new Matches(this, isAllPersisted: true));

    /// <summary>The latest heartbeat round that a quorum answered.</summary>
    public ulong QuorumRound() =>
        JointQuorum.CommittedIndex(_state.Membership.Current, new Rounds(this)).Value;

    /// <summary>Whether a quorum was heard from since the last call.</summary>
    public bool QuorumHeardSinceLastCheck()
    {
        var heard = new SortedDictionary<ReplicaId, bool>();
        foreach (Progress member in _members)
        {
            if (member.HeardInWindow || member.Replica == _state.Self)
            {
                heard.Add(member.Replica, true);
            }

            member.HeardInWindow = false;
        }

        return JointQuorum.VoteResult(_state.Membership.Current, heard) == VoteResult.Won;
    }

    /// <summary>Heard from within the election timeout. In a quiet group nobody is expected to say anything.</summary>
    public bool IsLive(Progress member, Instant now) =>
        member.Replica == _state.Self || _state.Quiet || now < member.LastHeard + _state.Options.ElectionTimeout;

    private readonly struct Matches(ProgressTracker tracker, bool isAllPersisted) : IMatchIndexes
    {
        public bool TryGet(ReplicaId id, out LogIndex match)
        {
            Progress? member = tracker.Find(id);
            match = member?.Match ?? LogIndex.Zero;
            match = isAllPersisted && id == tracker._state.Self ? tracker._state.Log.LastIndex : match;
            return member is not null;
        }
    }

    private readonly struct Rounds(ProgressTracker tracker) : IMatchIndexes
    {
        public bool TryGet(ReplicaId id, out LogIndex match)
        {
            Progress? member = tracker.Find(id);
            match = new LogIndex(member?.AckedRound ?? 0);
            return member is not null;
        }
    }
}
