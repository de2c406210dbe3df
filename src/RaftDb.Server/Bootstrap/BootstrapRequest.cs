using Microsoft.Extensions.Logging;
using RaftDb.Server.Transport;
using RaftDb.Storage;

namespace RaftDb.Server.Bootstrap;

/// <summary>What a first start needs.</summary>
internal sealed record BootstrapRequest
{
    /// <summary>Where identity.json goes.</summary>
    public required string DataDirectory { get; init; }

    /// <summary>This node.</summary>
    public required NodeId Node { get; init; }

    /// <summary>--cluster and --split-keys.</summary>
    public required ClusterAgreement Agreement { get; init; }

    /// <summary>What this node says of itself.</summary>
    public required LocalNodeFacts Facts { get; init; }

    /// <summary>The node's peer port; the caller owns it and hands it on to the transport.</summary>
    public required PeerListener Listener { get; init; }

    public required ILogger Log { get; init; }

    public PeerTransportOptions Options { get; init; } = new();

    /// <summary>Told, in a sentence, whom this node waits for, whenever that changes.</summary>
    public Action<string>? Progress { get; init; }
}
