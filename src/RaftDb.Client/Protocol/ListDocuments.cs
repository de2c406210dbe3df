namespace RaftDb.Client.Protocol;

/// <summary>The answer to GET /v1/nodes.</summary>
/// <param name="Items">The nodes, by id.</param>
public sealed record NodeList(IReadOnlyList<NodeStatus> Items);

/// <summary>The answer to GET /v1/ranges.</summary>
/// <param name="Items">The ranges, by id.</param>
public sealed record RangeList(IReadOnlyList<RangeStatus> Items);

/// <summary>The answer to GET /v1/id.</summary>
/// <param name="Ids">Decimal numbers of up to 63 bits, ascending. As text: they have more digits than the numbers of JavaScript.</param>
public sealed record IdDocument(IReadOnlyList<string> Ids);

/// <summary>The answer to GET /v1/ranges/{id}/digest.</summary>
/// <param name="Range">The range.</param>
/// <param name="Node">Whose replica it is.</param>
/// <param name="Index">The applied index that it belongs to: digests of the same index must be equal.</param>
/// <param name="Term">The term of that entry.</param>
/// <param name="Hash">SHA-256 over the rows in key order, in lower-case hex.</param>
/// <param name="Keys">How many rows.</param>
public sealed record DigestDocument(ulong Range, ulong Node, ulong Index, ulong Term, string Hash, long Keys);
