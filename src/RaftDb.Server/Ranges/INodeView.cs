using RaftDb.Client.Protocol;
using RaftDb.Storage;
using RaftDb.Storage.StateMachines;

namespace RaftDb.Server.Ranges;

/// <summary>What the interfaces show of this node and, through it, of the cluster.</summary>
internal interface INodeView
{
    /// <summary>The cluster; asks the leaders of ranges that this node doesn't lead, briefly.</summary>
    ValueTask<ClusterStatus> StatusAsync(CancellationToken cancel);

    /// <summary>Null when the node is ready (each of its ranges has a leader and its replica is caught up); else why not.</summary>
    string? WhyNotReady();

    /// <summary>Who has what and who leads, as this node knows it; asks nobody.</summary>
    RouteTable Routes();

    /// <summary>The digest of this node's own replica of a range.</summary>
    ValueTask<Outcome<StateDigestAnswer>> DigestAsync(RangeId range, CancellationToken cancel);

    /// <summary>Compares all replicas of a range, or of all ranges.</summary>
    ValueTask<Outcome<CheckDocument>> CheckAsync(RangeId? range, CancellationToken cancel);

    /// <summary>Moves a replica of a range from one node to another.</summary>
    ValueTask<RequestError?> MoveAsync(RangeId range, NodeId from, NodeId to, TimeSpan within, CancellationToken cancel);

    /// <summary>A consistent copy of this node's own replica of a range.</summary>
    ValueTask<Outcome<RangeBackup>> BackupAsync(RangeId range, CancellationToken cancel);
}

/// <summary>A digest and whose it is.</summary>
internal sealed record StateDigestAnswer(NodeId Node, RangeId Range, StateDigest Digest);
