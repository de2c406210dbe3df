using RaftDb.Raft;
using RaftDb.Raft.Membership;
using RaftDb.Storage;

namespace RaftDb.Server.Placement;

/// <summary>Decides, from what a leader knows and nothing else, the next step that takes a range back to as many good voters as it should have: out with a damaged replica, in with a new one as a
/// learner, and up with a learner that has caught up. Every step is one entry of the log and leaves a range that works, so whoever leads next goes on from what it finds.</summary>
internal static class RepairPlan
{
    /// <summary>A learner that is this close has caught up: the rest costs less than the change.</summary>
    private const ulong NearlyThere = 100;

    /// <summary>The next step; null when the range is as it should be (or somebody else is changing it).</summary>
    public static RepairStep? Decide(RepairView view)
    {
        Configuration configuration = view.Configuration;
        if (configuration.IsJoint)
        {
            return null;
        }

        return Damaged(view) ?? Learner(view) ?? Missing(view);
    }

    private static RepairStep? Damaged(RepairView view)
    {
        Configuration configuration = view.Configuration;
        RepairStep? blocked = null;
        foreach (ReplicaDescriptor replica in view.Descriptor.Replicas)
        {
            if (!view.Damaged.TryGetValue(replica.Replica, out string? reason) || !configuration.Contains(replica.Replica))
            {
                continue;
            }

            if (configuration.IsLearner(replica.Replica))
            {
                return new(RepairKind.Remove, replica.Replica, replica.Node, $"the new copy on node {replica.Node} is not usable and is begun anew: {reason}");
            }

            int voters = configuration.Voters.Count;
            int good = view.Members.Count(m => m.IsVoter && (m.IsLive || m.State == "leader") && !view.Damaged.ContainsKey(m.Replica));
            if (good >= Majority(voters) && good >= Majority(voters - 1))
            {
                return new(RepairKind.Remove, replica.Replica, replica.Node, $"replica {replica.Replica} on node {replica.Node} is being rebuilt from its peers: {reason}");
            }

            blocked ??= new(
                RepairKind.Blocked,
                replica.Replica,
                replica.Node,
                $"replica {replica.Replica} on node {replica.Node} is not used and is not rebuilt yet, because only {good} of {voters} voters are good and up and {Majority(voters)} are needed; start the other nodes. {reason}");
        }

        return blocked;
    }

    private static RepairStep? Learner(RepairView view)
    {
        if (view.Configuration.Learners.Count == 0 || view.IsBeingChanged)
        {
            return null;
        }

        ReplicaId learner = view.Configuration.Learners[0];
        NodeId node = view.Descriptor.NodeOf(learner);
        if (view.Configuration.Voters.Count >= view.Wanted)
        {
            return new(RepairKind.Remove, learner, node, $"replica {learner} on node {node} was begun and is not needed (any more)");
        }

        FollowerStatus member = view.Members.FirstOrDefault(m => m.Replica == learner);
        if (!member.IsLive && !view.Nodes.Contains(node) && view.Nodes.Any(n => view.Descriptor.ReplicaOn(n).IsNone))
        {
            // What has gone there so far is a loss that another copy makes good; how long the node stays away nobody knows.
            return new(RepairKind.Remove, learner, node, $"replica {learner} was begun on node {node}, which is not up, and is begun on another node instead");
        }

        return HasCaughtUp(member, view.Commit)
            ? new(RepairKind.Promote, learner, node, $"replica {learner} on node {node} is rebuilt and becomes a voter")
            : new(RepairKind.Wait, learner, node, $"replica {learner} on node {node} is being rebuilt from its peers, as a learner");
    }

    /// <summary>Whether a learner has the log up to (nearly) the end, so that as a voter it doesn't hold anybody up.</summary>
    public static bool HasCaughtUp(in FollowerStatus learner, LogIndex commit) =>
        learner is { IsLive: true, State: "replicate" } && learner.Applied > LogIndex.Zero && learner.Match.Value + NearlyThere >= commit.Value;

    private static RepairStep? Missing(RepairView view)
    {
        // An earlier replica of the node is given up when the new one's first message comes: its removal must be safe by then.
        if (view.Configuration.Voters.Count >= view.Wanted || view.IsBeingChanged || !view.IsSettled)
        {
            return null;
        }

        foreach (NodeId node in view.Nodes)
        {
            if (view.Descriptor.ReplicaOn(node).IsNone)
            {
                ReplicaId replica = view.Descriptor.NextReplicaId;
                return new(RepairKind.Add, replica, node, $"replica {replica} on node {node} is being rebuilt from its peers, as a learner");
            }
        }

        return new(
            RepairKind.Wait,
            ReplicaId.None,
            default,
            $"it has {view.Configuration.Voters.Count} of {view.Wanted} voters; the next one waits for a node to be up that has no replica of it");
    }

    private static int Majority(int voters) => (voters / 2) + 1;
}
