using System.Text.Json;
using System.Text.Json.Serialization;

namespace RaftDb.Server.Bootstrap;

/// <summary>identity.json, as it stands on disk.</summary>
internal sealed record IdentityDocument
{
    /// <summary>The only format so far.</summary>
    public const int CurrentFormat = 1;

    public required int Format { get; init; }

    /// <summary>fresh, prepared or committed.</summary>
    public required string Phase { get; init; }

    public required Guid Cluster { get; init; }

    public required ulong Node { get; init; }

    public required Guid Store { get; init; }

    /// <summary>Every node of --cluster; store ids are empty while fresh.</summary>
    public required IReadOnlyList<MemberDocument> Members { get; init; }

    /// <summary>In hex.</summary>
    public required IReadOnlyList<string> SplitKeys { get; init; }

    public required int ReplicationFactor { get; init; }

    /// <summary>SHA-256 of the <see cref="ClusterAgreement"/>, in hex.</summary>
    public required string Agreement { get; init; }
}

/// <summary>A member in identity.json.</summary>
internal sealed record MemberDocument(ulong Node, string Address, Guid Store);

/// <summary>How it is read and written, worked out when the program is built: to do that at each start takes longer than the reading.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, WriteIndented = true)]
[JsonSerializable(typeof(IdentityDocument))]
internal sealed partial class IdentityJson : JsonSerializerContext;
