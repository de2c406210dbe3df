using RaftDb.Raft;
using RaftDb.Server.Metrics;
using RaftDb.Server.Transport;
using RaftDb.Storage;
using RaftDb.Storage.Binlog;
using RaftDb.Storage.StateMachines;

namespace RaftDb.Server.Replicas;

/// <summary>What a replica needs from the node that it lives on. Replicas own no thread: the host calls them.</summary>
internal interface IReplicaHost
{
    /// <summary>The node.</summary>
    NodeId Node { get; }

    /// <summary>The time.</summary>
    Instant Now { get; }

    /// <summary>The node's clock for log time.</summary>
    HybridTimestamp LogTime();

    /// <summary>The node's log.</summary>
    NodeBinlog Binlog { get; }

    /// <summary>What an acknowledgement means on this node.</summary>
    Durability Durability { get; }

    /// <summary>Entries after which a replica's state is checkpointed.</summary>
    int CheckpointEntries { get; }

    /// <summary>How long a session lives without a write.</summary>
    TimeSpan SessionIdleTimeout => TimeSpan.FromHours(1);

    /// <summary>The network.</summary>
    ITransport Transport { get; }

    /// <summary>Where state files are.</summary>
    IStateMachineStore Store { get; }

    /// <summary>Something is in the replica's inbox: <see cref="Replica.Process"/> is to be called soon, by its one loop.</summary>
    void Wake(Replica replica);

    /// <summary>The same, but while the disk is busy with other writes it may wait until that is done.</summary>
    void WakeAfterDisk(Replica replica) => Wake(replica);

    /// <summary>Whichever of the two an inbox asks for, if any.</summary>
    sealed void Wake(Replica replica, Wake when)
    {
        switch (when)
        {
            case Replicas.Wake.Now:
                Wake(replica);
                break;
            case Replicas.Wake.AfterDisk:
                WakeAfterDisk(replica);
                break;
            default:
                break;
        }
    }

    /// <summary>Committed entries wait: <see cref="ApplyPipeline.Run()"/> is to be called, on a thread where it may block.</summary>
    void ScheduleApply(ApplyPipeline pipeline);

    /// <summary>Work that takes long and blocks (checkpoints, snapshots, closing files) is to be run beside everything else.</summary>
    void RunInBackground(string what, Func<CancellationToken, Task> work);

    /// <summary>The node can't go on: it stops with this cause.</summary>
    void Fail(Exception cause);

    /// <summary>This one replica can't go on; the others do.</summary>
    void ReplicaHalted(Replica replica, string reason);

    /// <summary>An invariant broke while one of these entries was applied. To be remembered durably, so that after the crash that follows only this replica stays halted.</summary>
    void ApplyBroke(Replica replica, LogIndex first, LogIndex last, InvariantBrokenException cause)
    {
    }

    /// <summary>Figures.</summary>
    NodeMetrics Metrics { get; }
}
