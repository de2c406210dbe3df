using RaftDb.Server.Transport;
using RaftDb.Storage;

namespace RaftDb.Server.Bootstrap;

/// <summary>What a node was told of itself and its cluster when it was started.</summary>
/// <param name="DataDirectory">Where identity.json is, or goes.</param>
/// <param name="Node">This node.</param>
/// <param name="Cluster">--cluster: every node and its peer address.</param>
/// <param name="SplitKeys">--split-keys, ascending.</param>
/// <param name="ReplicationFactor">How many replicas each range gets.</param>
/// <param name="Listener">The node's peer port; the caller owns it and hands it on to the transport.</param>
/// <param name="Transport">Times and limits of connections.</param>
/// <param name="Backup">The checksum of the backup that every node was restored from; null without.</param>
/// <param name="Progress">Told, in a sentence, whom this node waits for, whenever that changes.</param>
internal sealed record BootstrapRequest(
    string DataDirectory,
    NodeId Node,
    IReadOnlyDictionary<NodeId, string> Cluster,
    IReadOnlyList<ReadOnlyMemory<byte>> SplitKeys,
    int ReplicationFactor,
    PeerListener Listener,
    PeerTransportOptions Transport,
    Action<string>? Progress = null,
    string? Backup = null);
