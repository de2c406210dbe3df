using RaftDb.Raft;
using RaftDb.Server.Metrics;
using RaftDb.Server.Ranges;
using RaftDb.Server.Replicas;
using RaftDb.Storage;
using RaftDb.Storage.Binlog;

namespace RaftDb.Server.Hosting;

/// <summary>Connects the instruments that look at the node's state when they are read.</summary>
internal static class MetricsWiring
{
    public static void Attach(NodeMetrics metrics, LocalReplicas replicas, TroubleBook troubles, NodeBinlog binlog)
    {
        metrics.ObserveTerms(() => replicas.All.Select(r => (r.Range, r.Leadership.Term.Value)));
        metrics.ObserveLag(() => replicas.All.Where(r => r.Leadership.IsLeader).SelectMany(Lag));
        metrics.ObserveQueues(() =>
        [
            ("binlog_bytes", binlog.Statistics.QueuedBytes),
            ("proposals", replicas.All.Sum(r => (long)r.QueuedProposals)),
        ]);
        metrics.ObserveGauge("binlog.segments", "Segment files of the binlog.", () => binlog.Statistics.Segments);
        metrics.ObserveGauge("binlog.disk_bytes", "Bytes of the binlog's segment files.", () => binlog.Statistics.DiskBytes);
        metrics.ObserveGauge("binlog.full", "1 when the disk had no room at the last try.", () => binlog.Statistics.IsFull ? 1 : 0);
        metrics.ObserveGauge("apply.stuck", "Ranges whose committed entries can't be applied for lack of room on the disk.", () => replicas.All.Count(r => r.IsStuck));
        metrics.ObserveGauge("replicas.unusable", "Replicas on this node that take no part: damaged, halted or quarantined.", () => troubles.Own.Count);
        metrics.ObserveGauge("leaders", "Ranges that this node leads.", () => replicas.All.Count(r => r.Leadership.IsLeader));
        metrics.ObserveGauge("checkpoint.debt_bytes", "Bytes of changes that checkpoints have yet to write back.", () => replicas.All.Sum(r => r.State.Machine.CheckpointDebtBytes));
        Counter(metrics, "binlog.written_bytes", "Bytes written to the binlog.", () => binlog.Statistics.WrittenBytes);
        Counter(metrics, "binlog.entries", "Entries written to the binlog.", () => binlog.Statistics.WrittenEntries);
        Counter(metrics, "binlog.syncs", "Syncs of the binlog.", () => binlog.Statistics.Syncs);
    }

    private static IEnumerable<(RangeId Range, NodeId Follower, ulong Entries)> Lag(Replica replica)
    {
        RangeDescriptor descriptor = replica.State.Machine.Descriptor;
        return replica.LastFollowers
            .Where(f => f.Replica != replica.Id)
            .Select(f => (replica.Range, descriptor.NodeOf(f.Replica), Behind(replica.State.Machine.Applied.Index, f.Applied)));
    }

    private static ulong Behind(LogIndex leader, LogIndex follower) => leader > follower ? leader - follower : 0;

    private static void Counter(NodeMetrics metrics, string name, string description, Func<long> read) =>
        metrics.Meter.CreateObservableCounter(name, read, null, description);
}
