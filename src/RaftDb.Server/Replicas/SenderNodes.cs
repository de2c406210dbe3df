using RaftDb.Raft;
using RaftDb.Storage;

namespace RaftDb.Server.Replicas;

/// <summary>Where messages of other replicas came from. A replica that is new, or far behind, doesn't find the leader in its own descriptor yet and must answer it all the same.
/// Thread-safe: a change is a new array.</summary>
internal sealed class SenderNodes
{
    private readonly Lock _gate = new();
    private volatile ReplicaDescriptor[] _known = [];

    /// <summary>A message of this replica came from this node.</summary>
    public void Heard(ReplicaId replica, NodeId node)
    {
        if (NodeOf(replica) == node)
        {
            return;
        }

        lock (_gate)
        {
            _known = [.. _known.Where(k => k.Replica != replica), new ReplicaDescriptor(replica, node)];
        }
    }

    /// <summary>The node of a replica that was heard; default for others.</summary>
    public NodeId NodeOf(ReplicaId replica)
    {
        foreach (ReplicaDescriptor known in _known)
        {
            if (known.Replica == replica)
            {
                return known.Node;
            }
        }

        return default;
    }
}
