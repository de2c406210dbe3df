using RaftDb.Raft;
using RaftDb.Server.Hosting;
using RaftDb.Server.Ranges;
using RaftDb.Server.Ranges.Checks;
using RaftDb.Server.Transport;
using RaftDb.Storage;
using RaftDb.Storage.StateMachines.Snapshots;

namespace RaftDb.Simulation.Nodes;

/// <summary>What comes from other simulated nodes: the product's way to replicas and router, without checks that people ask for, and moves, which are asked for where the leader is.</summary>
internal sealed class SimPeerEvents(
    ReplicaEvents replicas, RequestRouter router, RangeStatusBuilder status, TroubleExchange troubles, SliceService slices, Func<RangeId, ReplicaId, string, Task> quarantine) : ITransportHandler
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
            PeerRequestKind.Digest => (await slices.LookAsync(SliceRequest.Decode(payload), cancel)).Encode(),
            PeerRequestKind.Quarantine => await QuarantineAsync(payload),
            _ => await router.ServeAsync(kind, payload, timeout),
        };

    private async Task<ReadOnlyMemory<byte>> QuarantineAsync(ReadOnlyMemory<byte> payload)
    {
        Trouble trouble = TroubleItem.Decode(payload).ToTrouble();
        await quarantine(trouble.Range, trouble.Replica, trouble.Reason);
        return ReadOnlyMemory<byte>.Empty;
    }
}
