using RaftDb.Server.Ranges;
using RaftDb.Server.Ranges.Checks;
using RaftDb.Server.Transport;
using RaftDb.Storage;
using RaftDb.Storage.StateMachines.Snapshots;

namespace RaftDb.Server.Hosting;

/// <summary>What comes from other nodes, on its way to the replicas, the router, and those who look after replicas.</summary>
internal sealed class PeerEvents(
    ReplicaEvents replicas, RequestRouter router, RangeStatusBuilder status, TroubleExchange troubles, ReplicaKeeper keeper, SliceService slices, ClusterCheck check, ReplicaMoves moves)
    : ITransportHandler
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
            PeerRequestKind.Move => await moves.ServeAsync(payload, timeout, cancel),
            PeerRequestKind.Check => await check.ServeAsync(payload, cancel),
            _ => await router.ServeAsync(kind, payload, timeout),
        };

    private async Task<ReadOnlyMemory<byte>> QuarantineAsync(ReadOnlyMemory<byte> payload)
    {
        Trouble trouble = TroubleItem.Decode(payload).ToTrouble();
        await keeper.QuarantineAsync(trouble.Range, trouble.Replica, trouble.Reason);
        return ReadOnlyMemory<byte>.Empty;
    }
}
