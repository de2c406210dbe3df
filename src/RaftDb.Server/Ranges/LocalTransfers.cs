using RaftDb.Server.Replicas;
using RaftDb.Storage;

namespace RaftDb.Server.Ranges;

/// <summary>Moves leadership away from a replica on this node.</summary>
internal static class LocalTransfers
{
    /// <summary>Null when the other node leads; else why it doesn't.</summary>
    public static async ValueTask<RequestError?> RunAsync(Replica replica, NodeId to)
    {
        if (!replica.Leadership.IsLeader)
        {
            return new RequestError(ErrorCode.NotLeader, $"This node does not lead range {replica.Range}.", Leader: replica.Leadership.Leader);
        }

        if (replica.Leadership.Leader == to)
        {
            return null;
        }

        PendingTransfer transfer = new(replica.State.Machine.Descriptor.ReplicaOn(to));
        replica.Post(transfer);
        return await transfer.Completion is { } failure
            ? new RequestError(ErrorCode.Unavailable, $"Leadership of range {replica.Range} was not moved to node {to}: {failure}")
            : null;
    }
}
