using RaftDb.Raft;
using RaftDb.Raft.Membership;
using RaftDb.Server.Replicas;
using RaftDb.Storage;
using RaftDb.Storage.StateMachines.Commands;

namespace RaftDb.Server.Ranges;

/// <summary>The changes of membership that are made, each one entry of the log.</summary>
internal static class MembershipChanges
{
    /// <summary>A replica leaves.</summary>
    public static ConfigurationChange Remove(ReplicaId replica) => new([new(ConfigurationChangeKind.Remove, replica)]);

    /// <summary>A new replica comes to a node, as a learner.</summary>
    public static ConfigurationChange Add(ReplicaId replica, NodeId node) =>
        new([new(ConfigurationChangeKind.AddLearner, replica)]) { Context = AddedReplicas.Encode([new(replica, node)]) };

    /// <summary>A learner becomes a voter.</summary>
    public static ConfigurationChange Promote(ReplicaId replica) => new([new(ConfigurationChangeKind.AddVoter, replica)]);

    /// <summary>A learner becomes a voter, and a voter leaves, in one joint change: there is no moment with one too many.</summary>
    public static ConfigurationChange Swap(ReplicaId learner, ReplicaId voter) =>
        new([new(ConfigurationChangeKind.AddVoter, learner), new(ConfigurationChangeKind.Remove, voter)]);

    /// <summary>Asks a replica for its report.</summary>
    public static Task<ReplicaReport> ReportAsync(Replica replica)
    {
        ReportRequest request = new();
        replica.Post(request);
        return request.Completion;
    }
}
