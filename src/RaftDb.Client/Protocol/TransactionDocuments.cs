using System.Text.Json.Serialization;

namespace RaftDb.Client.Protocol;

/// <summary>The body of POST /v1/txn: if every comparison holds, <paramref name="Then"/> is done, else <paramref name="Else"/>, atomically within one range.</summary>
/// <param name="Compare">All must hold; none: always.</param>
/// <param name="Then">Done if they do.</param>
/// <param name="Else">Done if they don't.</param>
public sealed record TransactionRequest(
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<Comparison>? Compare,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<OperationDocument>? Then,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<OperationDocument>? Else);

/// <summary>A comparison of one key: exactly one of the others is given.</summary>
/// <param name="Key">The key.</param>
/// <param name="Version">Its version, 0 = absent.</param>
/// <param name="Index">The index of the log entry that last changed it, 0 = absent.</param>
/// <param name="Value">Its value; an absent key has none.</param>
/// <param name="Exists">Whether it is there.</param>
public sealed record Comparison(
    BinaryText Key,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] ulong? Version = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] ulong? Index = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] BinaryText? Value = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] bool? Exists = null);

/// <summary>One operation of a transaction or batch: exactly one member is given.</summary>
public sealed record OperationDocument
{
    /// <summary>Sets a value.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public PutOperation? Put { get; init; }

    /// <summary>Removes a key.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public KeyOperation? Delete { get; init; }

    /// <summary>Removes keys of an interval.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public DeleteRangeOperation? DeleteRange { get; init; }

    /// <summary>Adds to a decimal number.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IncrementOperation? Increment { get; init; }

    /// <summary>Reads a key (transactions only).</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public KeyOperation? Get { get; init; }
}

/// <summary>What to put.</summary>
/// <param name="Key">The key.</param>
/// <param name="Value">The value.</param>
/// <param name="Ttl">How long it lives, as in <see cref="Durations"/>; null = for ever.</param>
public sealed record PutOperation(
    BinaryText Key, BinaryText Value, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Ttl = null);

/// <summary>What to delete or get.</summary>
/// <param name="Key">The key.</param>
public sealed record KeyOperation(BinaryText Key);

/// <summary>What to add.</summary>
/// <param name="Key">The key; absent counts as 0.</param>
/// <param name="By">The summand; 1 when it is not given.</param>
public sealed record IncrementOperation(BinaryText Key, long By);

/// <summary>What to delete: at most <paramref name="Limit"/> keys of [start, end).</summary>
/// <param name="Start">First key, inclusive; null = from the range's beginning.</param>
/// <param name="End">End, exclusive; null = unbounded.</param>
/// <param name="Limit">Most keys; the result tells whether more are left.</param>
public sealed record DeleteRangeOperation(
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] BinaryText? Start,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] BinaryText? End,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] int? Limit);

/// <summary>The answer to POST /v1/txn.</summary>
/// <param name="Succeeded">Whether every comparison held, so that <c>then</c> was done.</param>
/// <param name="Range">The range.</param>
/// <param name="Index">The index of the log entry.</param>
/// <param name="Results">One per operation of the branch taken.</param>
public sealed record TransactionDocument(bool Succeeded, ulong Range, ulong Index, IReadOnlyList<OperationResultDocument> Results)
{
    /// <summary>ack=all: the voters that applied it.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<ulong>? Acked { get; init; }

    /// <summary>ack=all: the voters that did not, in time or because they are not live.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<ulong>? Absent { get; init; }
}

/// <summary>What one operation of a transaction did.</summary>
public sealed record OperationResultDocument
{
    /// <summary>put, delete, delete_range, increment or get.</summary>
    public required string Op { get; init; }

    /// <summary>get: whether the key is there.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public bool? Found { get; init; }

    /// <summary>get: the value, where found. increment: the new number, as text.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public BinaryText? Value { get; init; }

    /// <summary>delete: whether the key was there.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public bool? Deleted { get; init; }

    /// <summary>delete_range: how many keys went.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? Count { get; init; }

    /// <summary>delete_range: whether more keys are left.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public bool? More { get; init; }

    /// <summary>put, increment: the new version. get: the present one, 0 = absent.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ulong? Version { get; init; }

    /// <summary>The index of the log entry that last changed the key.</summary>
    public ulong Index { get; init; }
}
