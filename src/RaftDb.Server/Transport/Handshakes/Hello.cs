using RaftDb.Storage;

namespace RaftDb.Server.Transport.Handshakes;

/// <summary>Who a node is and what it can, said by both sides before anything else.</summary>
internal sealed record Hello
{
    /// <summary>The oldest protocol version that the sender speaks.</summary>
    public required ushort MinVersion { get; init; }

    /// <summary>The newest one.</summary>
    public required ushort MaxVersion { get; init; }

    public required ConnectionPurpose Purpose { get; init; }

    /// <summary>Empty before the bootstrap.</summary>
    public required Guid Cluster { get; init; }

    public required NodeId Node { get; init; }

    /// <summary>Whom the sender believes to talk to.</summary>
    public required NodeId To { get; init; }

    public required Guid Store { get; init; }

    /// <summary>Random, new with each start of the process: tells a restarted process from a lost connection.</summary>
    public required ulong Incarnation { get; init; }

    /// <summary>SHA-256 of the canonical --cluster and --split-keys.</summary>
    public required ReadOnlyMemory<byte> AgreementHash { get; init; }

    /// <summary>Where the sender serves HTTP, for clients.</summary>
    public required string Http { get; init; }

    /// <summary>Where it serves RESP.</summary>
    public required string Resp { get; init; }

    /// <summary>Its zone; empty when none was given.</summary>
    public required string Zone { get; init; }

    /// <summary>The version of SQLite that it runs.</summary>
    public required string Sqlite { get; init; }
}
