using RaftDb.Server.Hosting;
using RaftDb.Server.Ranges;
using RaftDb.Server.Transport;
using RaftDb.Storage;
using RaftDb.Storage.StateMachines.Snapshots;

namespace RaftDb.Simulation.Nodes;

/// <summary>What comes from other simulated nodes: the product's way to replicas and router, without those who move and compare replicas.</summary>
internal sealed class SimPeerEvents(ReplicaEvents replicas, RequestRouter router, RangeStatusBuilder status, TroubleExchange troubles) : ITransportHandler
{
    public void OnMessages(NodeId from, IReadOnlyList<RangeMessage> messages) => replicas.OnMessages(from, messages);

    public void OnPeerLost(NodeId node, bool processGone) => replicas.OnPeerLost(node, processGone);

    public void OnPeerSuspected(NodeId node) => replicas.OnPeerSuspected(node);

    public ISnapshotSink? OnSnapshotAnnounced(NodeId from, SnapshotAnnouncement announcement) => replicas.OnSnapshotAnnounced(from, announcement);

    public Task<bool> OnSnapshotReceivedAsync(NodeId from, SnapshotAnnouncement announcement, ISnapshotSink sink, CancellationToken cancel) =>
        replicas.OnSnapshotReceivedAsync(announcement, sink);

    public async ValueTask<ReadOnlyMemory<byte>> OnRequestAsync(
        NodeId from, PeerRequestKind kind, ReadOnlyMemory<byte> payload, TimeSpan timeout, CancellationToken cancel) =>
        kind switch
        {
            PeerRequestKind.RangeStatus => await status.ServeAsync(payload),
            PeerRequestKind.Troubles => troubles.Serve(from, payload),
            _ => await router.ServeAsync(kind, payload, timeout),
        };
}
