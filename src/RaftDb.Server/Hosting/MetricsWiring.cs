using RaftDb.Server.Metrics;
using RaftDb.Server.Ranges;
using RaftDb.Server.Replicas;
using RaftDb.Storage.Binlog;

namespace RaftDb.Server.Hosting;

/// <summary>Connects the instruments to what they measure.</summary>
internal static class MetricsWiring
{
    public static void Attach(NodeMetrics metrics, LocalReplicas replicas, NodeBinlog binlog, ReplicaMetrics counters)
    {
    }
}
