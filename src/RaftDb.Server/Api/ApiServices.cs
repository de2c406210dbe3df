using RaftDb.Server.Ids;
using RaftDb.Server.Metrics;
using RaftDb.Server.Ranges;
using RaftDb.Server.Ranges.Watches;

namespace RaftDb.Server.Api;

/// <summary>What the HTTP interface of one node works with.</summary>
/// <param name="Options">Its limits.</param>
/// <param name="Router">Takes requests to the replicas.</param>
/// <param name="Node">What the node shows of itself and the cluster.</param>
/// <param name="Metrics">The node's instruments.</param>
/// <param name="Fail">Told of what the node must not survive.</param>
internal sealed record ApiServices(ApiOptions Options, IRequestRouter Router, INodeView Node, NodeMetrics Metrics, Action<Exception> Fail)
{
    /// <summary>Makes unique ids.</summary>
    public required UniqueIds Ids { get; init; }

    /// <summary>What watchers read from; null where nothing can be watched.</summary>
    public IRangeWatches? Watches { get; init; }
}
