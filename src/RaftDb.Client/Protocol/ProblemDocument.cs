using System.Text.Json.Serialization;

namespace RaftDb.Client.Protocol;

/// <summary>An error: <c>application/problem+json</c> (RFC 9457) with a <c>code</c> of <see cref="ErrorCodes"/>.</summary>
public sealed record ProblemDocument
{
    /// <summary>A URN that names the kind.</summary>
    public required string Type { get; init; }

    /// <summary>The kind, for people.</summary>
    public required string Title { get; init; }

    /// <summary>The HTTP status.</summary>
    public required int Status { get; init; }

    /// <summary>What happened, and what to do.</summary>
    public required string Detail { get; init; }

    /// <summary>The kind, for programs: see <see cref="ErrorCodes"/>.</summary>
    public required string Code { get; init; }

    /// <summary>not_leader: the node to ask, where known.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ulong? Leader { get; init; }

    /// <summary>condition_failed: the key's present version, 0 = absent.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ulong? Version { get; init; }

    /// <summary>condition_failed: the index of the log entry that last changed the key.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ulong? Index { get; init; }

    /// <summary>too_stale: how old the replica's state is, where it can be told.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? StalenessMs { get; init; }

    /// <summary>A batch that failed in part: what became of each operation.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<BatchResult>? Results { get; init; }
}
