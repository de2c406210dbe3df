using System.Text.Json.Serialization;

namespace RaftDb.Client.Protocol;

/// <summary>One change, as the data of an event of GET /v1/watch.</summary>
public sealed record WatchEvent
{
    /// <summary>The range.</summary>
    public required ulong Range { get; init; }

    /// <summary>The index of the log entry that made the change.</summary>
    public required ulong Index { get; init; }

    /// <summary>put or delete. An increment is a put of the sum.</summary>
    public required string Op { get; init; }

    /// <summary>The key.</summary>
    public required BinaryText Key { get; init; }

    /// <summary>put: the value.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public BinaryText? Value { get; init; }

    /// <summary>The key's version; 0 when it is gone.</summary>
    public required ulong Version { get; init; }

    /// <summary>In the client: where a watch goes on behind this event. Not in the data: it is the event's id.</summary>
    [JsonIgnore]
    public string Token { get; init; } = "";

    /// <summary>delete: true when its TTL ran out.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public bool? Expired { get; init; }
}
