using Microsoft.Extensions.Logging;
using RaftDb.Raft;
using RaftDb.Raft.Messages;
using RaftDb.Server.Ranges;
using RaftDb.Server.Ranges.Checks;
using RaftDb.Server.Replicas;
using RaftDb.Server.Transport;
using RaftDb.Storage;
using RaftDb.Storage.Binlog;
using RaftDb.Storage.StateMachines;
using RaftDb.Storage.StateMachines.Snapshots;

namespace RaftDb.Server.Hosting;

/// <summary>What comes from other nodes, on its way to the replicas and the router.</summary>
internal sealed class PeerEvents(
    LocalReplicas replicas, RequestRouter router, RangeStatusBuilder status, TroubleExchange troubles, ReplicaKeeper keeper, SliceService slices, ClusterCheck check, ReplicaMoves moves,
    IStateMachineStore store, ILogger log) : ITransportHandler
{
    public void OnMessages(NodeId from, IReadOnlyList<RangeMessage> messages)
    {
        foreach (RangeMessage message in messages)
        {
            Replica? replica = replicas.Find(message.Range);
            if (replica?.Id == message.Message.To)
            {
                replica.Receive(from, message.Message);
            }
            else if (message.Message is AppendEntries or Heartbeat)
            {
                keeper.Begin(message.Range, message.Message.To, from);
            }
        }
    }

    public void OnPeerLost(NodeId node, bool processGone)
    {
        log.LogInformation(
            processGone ? "Node {Node} is gone: its process ended" : "The connection to node {Node} was lost", node);
        PostToReplicasOf(node, replica => processGone ? new Input.ProcessLost(replica) : new Input.Unreachable(replica));
    }

    public void OnPeerSuspected(NodeId node) => PostToReplicasOf(node, replica => new Input.Suspected(replica));

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

    public ISnapshotSink? OnSnapshotAnnounced(NodeId from, SnapshotAnnouncement announcement)
    {
        InstallSnapshot message = announcement.Message;
        if (replicas.Find(announcement.Range) is not { Halted: null } replica || replica.Id != message.To
            || replica.State.Machine.Applied.Index >= message.Snapshot.Position.Index)
        {
            return null;
        }

        log.LogInformation(
            "Receiving a snapshot of range {Range} at index {Index} from node {Node}, {Bytes} bytes",
            announcement.Range, message.Snapshot.Position.Index, from, announcement.Header.Length);
        return store.BeginReceive(announcement.Range);
    }

    public async Task<bool> OnSnapshotReceivedAsync(NodeId from, SnapshotAnnouncement announcement, ISnapshotSink sink, CancellationToken cancel)
    {
        if (replicas.Find(announcement.Range) is not { Halted: null } replica)
        {
            return false;
        }

        (IStateMachine state, RangeCheckpoint checkpoint) = sink.Complete(announcement.Header);
        ReceivedSnapshot received = new(announcement.Message, state, checkpoint, sink);
        replica.Post(received);
        bool installed = await received.Completion;
        log.LogInformation(
            installed ? "Installed the snapshot of range {Range} at index {Index}" : "The snapshot of range {Range} at index {Index} was not needed",
            announcement.Range, checkpoint.Position.Index);
        return installed;
    }

    private async Task<ReadOnlyMemory<byte>> QuarantineAsync(ReadOnlyMemory<byte> payload)
    {
        Trouble trouble = TroubleItem.Decode(payload).ToTrouble();
        await keeper.QuarantineAsync(trouble.Range, trouble.Replica, trouble.Reason);
        return ReadOnlyMemory<byte>.Empty;
    }

    private void PostToReplicasOf(NodeId node, Func<ReplicaId, Input> input)
    {
        foreach (Replica replica in replicas.All)
        {
            ReplicaId there = replica.State.Machine.Descriptor.ReplicaOn(node);
            if (!there.IsNone)
            {
                replica.Post(input(there));
            }
        }
    }
}
