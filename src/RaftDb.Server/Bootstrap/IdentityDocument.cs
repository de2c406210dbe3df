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
