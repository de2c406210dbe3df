using RaftDb.Raft;
using RaftDb.Raft.Log;
using RaftDb.Raft.Messages;
using RaftDb.Server.Transport;
using RaftDb.Storage;
using RaftDb.Storage.StateMachines.Snapshots;

namespace RaftDb.Server.Replicas;

/// <summary>Makes snapshots on demand and streams them to followers, in the background. The log stays pinned at what is under way.</summary>
internal sealed class SnapshotSender(Replica replica, IReplicaHost host)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<ReplicaId, LogIndex> _underWay = [];

    /// <summary>The log after this index must be kept; null when no snapshot is under way. Thread-safe.</summary>
    public LogIndex? Pin
    {
        get
        {
            lock (_gate)
            {
                return _underWay.Count == 0 ? null : _underWay.Values.Min();
            }
        }
    }

    /// <summary>Starts sending. Called by the replica's loop; the end comes back to its inbox.</summary>
    public void Start(ReplicaId follower, Term term)
    {
        lock (_gate)
        {
            // The state can only move on from here, so this pins enough.
            if (!_underWay.TryAdd(follower, replica.State.Machine.Applied.Index))
            {
                return;
            }
        }

        host.RunInBackground($"sending a snapshot of range {replica.Range}", cancel => SendAsync(follower, term, cancel));
    }

    private async Task SendAsync(ReplicaId follower, Term term, CancellationToken cancel)
    {
        LogPosition position = LogPosition.Zero;
        bool sent = false;
        StateHandle state = replica.State;
        try
        {
            if (!state.TryUse())
            {
                return;
            }

            try
            {
                NodeId node = state.Machine.Descriptor.NodeOf(follower);
                using ISnapshotSource source = state.Machine.BeginSnapshot();
                if (source.Metadata.Position.Term > term)
                {
                    // Another leads by now, and this state is its own: a message of the old term would put entries into a log whose replica has not heard of their term.
                    return;
                }

                position = source.Metadata.Position;
                SnapshotAnnouncement announcement = new(
                    replica.Range, new InstallSnapshot(replica.Id, follower, term, source.Metadata), source.Header);
                await host.Transport.SendSnapshotAsync(node, announcement, source, cancel);
                sent = true;
                host.Metrics.SnapshotSent();
            }
            finally
            {
                state.Release();
            }
        }
        catch (PeerUnreachableException)
        {
            // The follower is away again: the node asks for another snapshot once it is back.
        }
        finally
        {
            lock (_gate)
            {
                _underWay.Remove(follower);
            }

            replica.Post(new Input.SnapshotSent(follower, position, sent));
        }
    }
}
