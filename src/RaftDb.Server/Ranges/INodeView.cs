using RaftDb.Client.Protocol;

namespace RaftDb.Server.Ranges;

/// <summary>What the interfaces show of this node and, through it, of the cluster.</summary>
internal interface INodeView
{
    ClusterStatus Status();

    /// <summary>Null when the node is ready (each of its ranges has a leader and its replica is caught up); else why not.</summary>
    string? WhyNotReady();
}
