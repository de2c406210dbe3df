using System.Text.Json.Serialization;

namespace RaftDb.Client.Protocol;

/// <summary>The body of POST /v1/batch: many writes, one log entry per range, atomic within each range but not across ranges.</summary>
/// <param name="Ops">The writes.</param>
public sealed record BatchRequest(IReadOnlyList<OperationDocument> Ops);

/// <summary>The answer to POST /v1/batch when everything was done; otherwise it is a <see cref="ProblemDocument"/> with results.</summary>
/// <param name="Results">One per operation, in their order.</param>
public sealed record BatchDocument(IReadOnlyList<BatchResult> Results);

/// <summary>What became of one operation of a batch.</summary>
public sealed record BatchResult
{
    /// <summary>The range.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ulong? Range { get; init; }

    /// <summary>ack=leader: the entry's term.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ulong? Term { get; init; }

    /// <summary>The index of the log entry.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ulong? Index { get; init; }

    /// <summary>put, increment: the new version.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ulong? Version { get; init; }

    /// <summary>increment: the new number, as text.</summary>
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

    /// <summary>ack=leader: false, because it may still be lost.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public bool? Committed { get; init; }

    /// <summary>ack=all: the voters that applied it.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<ulong>? Acked { get; init; }

    /// <summary>ack=all: the voters that did not.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<ulong>? Absent { get; init; }

    /// <summary>Why its range did not do it; null when it did.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ProblemDocument? Error { get; init; }
}
