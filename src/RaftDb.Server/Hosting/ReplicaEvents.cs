using Microsoft.Extensions.Logging;
using RaftDb.Raft;
using RaftDb.Raft.Messages;
using RaftDb.Server.Ranges;
using RaftDb.Server.Replicas;
using RaftDb.Server.Transport;
using RaftDb.Storage;
using RaftDb.Storage.Binlog;
using RaftDb.Storage.StateMachines;
using RaftDb.Storage.StateMachines.Snapshots;

namespace RaftDb.Server.Hosting;

/// <summary>What other nodes say to the replicas here: messages of consensus, snapshots, and that a node is gone.</summary>
/// <param name="replicas">Those here.</param>
/// <param name="begin">A leader speaks to a replica that is not here.</param>
/// <param name="store">Takes snapshots.</param>
/// <param name="log">Diagnostics.</param>
internal sealed class ReplicaEvents(LocalReplicas replicas, Action<RangeId, ReplicaId, NodeId> begin, IStateMachineStore store, ILogger log)
{
    public void OnMessages(NodeId from, IReadOnlyList<RangeMessage> messages)
    {
        using LentThread.Scope lent = LentThread.Lend();
        foreach (RangeMessage message in messages)
        {
            Replica? replica = replicas.Find(message.Range);
            if (replica?.Id == message.Message.To)
            {
                replica.Receive(from, message.Message);
            }
            else if (message.Message is AppendEntries or Heartbeat)
            {
                begin(message.Range, message.Message.To, from);
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

    public ISnapshotSink? OnSnapshotAnnounced(NodeId from, SnapshotAnnouncement announcement)
    {
        InstallSnapshot message = announcement.Message;
        if (replicas.Find(announcement.Range) is not { Halted: null } replica || replica.Id != message.To)
        {
            return null;
        }

        if (replica.State.Machine.Applied.Index >= message.Snapshot.Position.Index)
        {
            // The leader does not know how far this replica is, and no longer has the entries by which it would find out: it is told.
            replica.Receive(from, message);
            return null;
        }

        log.LogInformation(
            "Receiving a snapshot of range {Range} at index {Index} from node {Node}, {Bytes} bytes",
            announcement.Range, message.Snapshot.Position.Index, from, announcement.Header.Length);
        return store.BeginReceive(announcement.Range);
    }

    public async Task<bool> OnSnapshotReceivedAsync(SnapshotAnnouncement announcement, ISnapshotSink sink)
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
