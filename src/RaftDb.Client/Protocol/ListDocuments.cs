namespace RaftDb.Client.Protocol;

/// <summary>The answer to GET /v1/nodes.</summary>
/// <param name="Items">The nodes, by id.</param>
public sealed record NodeList(IReadOnlyList<NodeStatus> Items);

/// <summary>The answer to GET /v1/ranges.</summary>
/// <param name="Items">The ranges, by id.</param>
public sealed record RangeList(IReadOnlyList<RangeStatus> Items);
