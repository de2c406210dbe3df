using System.Text.Json.Serialization;

namespace RaftDb.Client.Protocol;

/// <summary>The answer to PUT and DELETE of a key.</summary>
public sealed record WriteDocument
{
    /// <summary>DELETE: whether the key was there.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public bool? Deleted { get; init; }

    /// <summary>The range.</summary>
    public ulong Range { get; init; }

    /// <summary>ack=leader: the entry's term, which together with the index names it.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ulong? Term { get; init; }

    /// <summary>The index of the log entry.</summary>
    public ulong Index { get; init; }

    /// <summary>PUT: the key's new version.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ulong? Version { get; init; }

    /// <summary>ack=leader: false, because it may still be lost. Null otherwise: what is answered is committed.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public bool? Committed { get; init; }

    /// <summary>ack=all: the voters that applied it.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<ulong>? Acked { get; init; }

    /// <summary>ack=all: the voters that did not, in time or because they are not live.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<ulong>? Absent { get; init; }
}

/// <summary>The body of POST /v1/ranges/{id}/transfer.</summary>
/// <param name="To">The node that shall lead.</param>
public sealed record TransferRequest(ulong To);

/// <summary>The answer to POST /v1/ranges/{id}/transfer.</summary>
/// <param name="Range">The range.</param>
/// <param name="Leader">The node that leads it now.</param>
public sealed record TransferDocument(ulong Range, ulong Leader);

/// <summary>The body of POST /v1/ranges/{id}/move.</summary>
/// <param name="From">The node that gives its replica up.</param>
/// <param name="To">The node that gets a new one.</param>
public sealed record MoveRequest(ulong From, ulong To);

/// <summary>The answer to POST /v1/ranges/{id}/move.</summary>
/// <param name="Range">The range.</param>
/// <param name="From">The node that has no replica of it any more.</param>
/// <param name="To">The node that has one now.</param>
public sealed record MoveDocument(ulong Range, ulong From, ulong To);
