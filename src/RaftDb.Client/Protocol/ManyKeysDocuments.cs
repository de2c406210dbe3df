using System.Text.Json.Serialization;

namespace RaftDb.Client.Protocol;

/// <summary>The body of POST /v1/get.</summary>
/// <param name="Keys">The keys, of as many ranges as they are in.</param>
public sealed record MultiGetRequest(IReadOnlyList<BinaryText> Keys);

/// <summary>The answer to POST /v1/get. What lies in one range is of one view; different ranges may be read at different times.</summary>
/// <param name="Items">One per key, in their order, from the first one on.</param>
/// <param name="Next">Null when all keys are answered. Otherwise how many are: ask for the others, for their values were too large for one answer.</param>
public sealed record MultiGetDocument(IReadOnlyList<MultiGetItem> Items, int? Next);

/// <summary>A key and what it holds.</summary>
/// <param name="Key">The key.</param>
/// <param name="Value">The value; null when it is absent.</param>
/// <param name="Version">1 at creation, +1 per change; 0 = it is absent.</param>
/// <param name="Index">The index of the log entry that last changed it.</param>
public sealed record MultiGetItem(
    BinaryText Key,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] BinaryText? Value,
    ulong Version,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] ulong? Index);

/// <summary>The answer to DELETE /v1/kv.</summary>
/// <param name="Deleted">How many keys went.</param>
/// <param name="More">Whether there may be more: ask again.</param>
public sealed record DeleteRangeDocument(long Deleted, bool More);
