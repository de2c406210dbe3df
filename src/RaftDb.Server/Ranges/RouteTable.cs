using RaftDb.Storage;

namespace RaftDb.Server.Ranges;

/// <summary>Who has what, as one node knows it without asking: for clients that ask leaders themselves.</summary>
/// <param name="Cluster">The cluster's id.</param>
/// <param name="Node">Who says so.</param>
/// <param name="Nodes">The nodes, by id.</param>
/// <param name="Ranges">The user ranges, in key order.</param>
internal sealed record RouteTable(string Cluster, NodeId Node, IReadOnlyList<NodeRoute> Nodes, IReadOnlyList<RangeRoute> Ranges);

/// <summary>Where a node serves clients; null where that is not known, or it does not.</summary>
internal sealed record NodeRoute(NodeId Node, string? Http, string? Resp, bool IsConnected);

/// <summary>A range and who leads it; null when this node doesn't know.</summary>
internal sealed record RangeRoute(RangeDescriptor Descriptor, NodeId? Leader, ulong Term);
