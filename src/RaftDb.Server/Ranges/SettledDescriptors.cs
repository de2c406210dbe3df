using RaftDb.Raft;
using RaftDb.Raft.Membership;
using RaftDb.Server.Replicas;
using RaftDb.Storage;

namespace RaftDb.Server.Ranges;

/// <summary>Which ranges that this node leads have a descriptor that a quorum has applied: only then is a removed replica nobody's any more, whoever leads next. Thread-safe.</summary>
internal sealed class SettledDescriptors
{
    private readonly Lock _gate = new();
    private readonly Dictionary<RangeId, Seen> _seen = [];

    /// <summary>Takes a look at a range that is led here; says whether its descriptor is settled. Looking again later is what settles it.</summary>
    public bool Look(Replica leader, ReplicaReport report)
    {
        RangeDescriptor descriptor = leader.State.Machine.Descriptor;
        Configuration configuration = leader.State.Machine.Configuration;
        lock (_gate)
        {
            if (!_seen.TryGetValue(leader.Range, out Seen? seen) || !ReferenceEquals(seen.Descriptor, descriptor) || seen.Term != report.Term)
            {
                // The change that made it so is at or before what is applied now.
                _seen[leader.Range] = seen = new Seen(descriptor, report.Term, leader.State.Machine.Applied.Index);
            }

            int applied = report.Followers.Count(f => f.IsVoter && f.Applied >= seen.Applied);
            seen.IsSettled |= !configuration.IsJoint && applied > configuration.Voters.Count / 2;
            return seen.IsSettled;
        }
    }

    /// <summary>Whether a replica was a member of a range that this node leads, is none any more, and never will be one again.</summary>
    public bool IsGone(Replica leader, ReplicaId replica)
    {
        RangeDescriptor descriptor = leader.State.Machine.Descriptor;
        lock (_gate)
        {
            return _seen.TryGetValue(leader.Range, out Seen? seen) && seen.IsSettled && ReferenceEquals(seen.Descriptor, descriptor)
                && seen.Term == leader.Leadership.Term && leader.Leadership.IsLeader
                && replica.Value < descriptor.NextReplicaId.Value && descriptor.NodeOf(replica) == default;
        }
    }

    private sealed class Seen(RangeDescriptor descriptor, Term term, LogIndex applied)
    {
        public RangeDescriptor Descriptor { get; } = descriptor;

        public Term Term { get; } = term;

        public LogIndex Applied { get; } = applied;

        public bool IsSettled { get; set; }
    }
}
