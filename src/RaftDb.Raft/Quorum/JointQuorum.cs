using RaftDb.Raft.Membership;

namespace RaftDb.Raft.Quorum;

/// <summary>Decisions of a configuration: while it is joint, both voter sets must agree (thesis section 4.3).</summary>
public static class JointQuorum
{
    /// <summary>The highest index that is committed by counting. <see cref="MajorityQuorum.Everything"/> for a configuration without voters.</summary>
    public static LogIndex CommittedIndex<T>(Configuration configuration, T matches)
        where T : IMatchIndexes =>
        LogIndex.Min(
            MajorityQuorum.CommittedIndex(configuration.VoterSpan, matches),
            MajorityQuorum.CommittedIndex(Mutants.JointCommitNeedsOneHalf ? default : configuration.OutgoingVoterSpan, matches));

    /// <summary>How the election stands: lost if one half lost it, won if both won it.</summary>
    public static VoteResult VoteResult(Configuration configuration, IReadOnlyDictionary<ReplicaId, bool> votes)
    {
        var incoming = MajorityQuorum.VoteResult(configuration.VoterSpan, votes);
        var outgoing = MajorityQuorum.VoteResult(configuration.OutgoingVoterSpan, votes);
        if (incoming == outgoing)
        {
            return incoming;
        }

        return incoming == Quorum.VoteResult.Lost || outgoing == Quorum.VoteResult.Lost
            ? Quorum.VoteResult.Lost
            : Quorum.VoteResult.Pending;
    }
}
