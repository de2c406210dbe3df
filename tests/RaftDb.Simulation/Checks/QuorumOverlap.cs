using RaftDb.Raft;
using RaftDb.Raft.Membership;
using RaftDb.Raft.Quorum;

namespace RaftDb.Simulation.Checks;

/// <summary>Whether each quorum of one configuration meets each quorum of the next: what makes it safe to go from one to the other.</summary>
internal static class QuorumOverlap
{
    public static bool Holds(Configuration before, Configuration after)
    {
        ReplicaId[] all = [.. before.Voters.Concat(before.OutgoingVoters).Concat(after.Voters).Concat(after.OutgoingVoters).Distinct()];
        for (uint chosen = 0; chosen < 1u << all.Length; chosen++)
        {
            if (IsQuorum(before, all, chosen) && IsQuorum(after, all, ~chosen))
            {
                return false;
            }
        }

        return true;
    }

    private static bool IsQuorum(Configuration configuration, ReplicaId[] all, uint chosen)
    {
        Dictionary<ReplicaId, bool> votes = [];
        for (int i = 0; i < all.Length; i++)
        {
            votes[all[i]] = (chosen >> i & 1) != 0;
        }

        return JointQuorum.VoteResult(configuration, votes) == VoteResult.Won;
    }
}
