using RaftDb.Raft;
using RaftDb.Storage;

namespace RaftDb.Server.Placement;

/// <summary>The ranges of a new cluster, decided alike on every node from what they agreed on.</summary>
internal static class InitialPlacement
{
    /// <summary>The meta range and one user range per piece between split keys, each with a replica on <paramref name="replicationFactor"/> nodes (all, when there are
    /// fewer), spread evenly. A new range's replica ids are 1, 2, 3, …</summary>
    public static IReadOnlyList<RangeDescriptor> Ranges(
        IReadOnlyList<NodeId> nodes, IReadOnlyList<ReadOnlyMemory<byte>> splitKeys, int replicationFactor, FailoverMode failoverMode)
    {
        NodeId[] ordered = [.. nodes.Order()];
        List<RangeDescriptor> ranges =
        [
            new()
            {
                Id = RangeId.Meta,
                Kind = RangeKind.Meta,
                Start = default,
                End = null,
                Generation = 1,
                Replicas = Replicas(ordered, 0, Math.Max(replicationFactor, 5)),
                FailoverMode = failoverMode,
            },
        ];
        for (int i = 0; i <= splitKeys.Count; i++)
        {
            ranges.Add(new()
            {
                Id = new RangeId((ulong)i + 2),
                Kind = RangeKind.KeyValue,
                Start = i == 0 ? default : splitKeys[i - 1],
                // Without the cast the null would become an empty key.
                End = i == splitKeys.Count ? (ReadOnlyMemory<byte>?)null : splitKeys[i],
                Generation = 1,
                Replicas = Replicas(ordered, i, replicationFactor),
                FailoverMode = failoverMode,
            });
        }

        return ranges;
    }

    private static ReplicaDescriptor[] Replicas(NodeId[] nodes, int first, int count)
    {
        ReplicaDescriptor[] replicas = new ReplicaDescriptor[Math.Min(count, nodes.Length)];
        for (int i = 0; i < replicas.Length; i++)
        {
            replicas[i] = new(new ReplicaId((ulong)i + 1), nodes[(first + i) % nodes.Length]);
        }

        return replicas;
    }
}
