using RaftDb.Server.Hosting;
using RaftDb.Server.Transport;
using RaftDb.Storage;
using RaftDb.Storage.StateMachines.Snapshots;

namespace RaftDb.Cli.Bench.Engine;

/// <summary>What comes from other nodes: consensus only. There is no router, so nobody asks anything.</summary>
internal sealed class EnginePeers(ReplicaEvents replicas) : ITransportHandler
{
    public void OnMessages(NodeId from, IReadOnlyList<RangeMessage> messages) => replicas.OnMessages(from, messages);

    public void OnPeerLost(NodeId node, bool processGone) => replicas.OnPeerLost(node, processGone);

    public void OnPeerSuspected(NodeId node) => replicas.OnPeerSuspected(node);

    public ValueTask<ReadOnlyMemory<byte>> OnRequestAsync(
        NodeId from, PeerRequestKind kind, ReadOnlyMemory<byte> payload, TimeSpan timeout, CancellationToken cancel) =>
        throw new IOException($"The engine's benchmark answers no requests of other nodes ({kind}).");

    public ISnapshotSink? OnSnapshotAnnounced(NodeId from, SnapshotAnnouncement announcement) => null;

    public Task<bool> OnSnapshotReceivedAsync(NodeId from, SnapshotAnnouncement announcement, ISnapshotSink sink, CancellationToken cancel) => Task.FromResult(false);
}
