using RaftDb.Storage;

namespace RaftDb.Server.Bootstrap;

/// <summary>A node of a cluster and the disk that it had when the cluster was made.</summary>
/// <param name="Node">Its id.</param>
/// <param name="Address">Its peer address.</param>
/// <param name="Store">Its store id.</param>
internal sealed record ClusterMember(NodeId Node, string Address, Guid Store);

/// <summary>Who a bootstrapped node is. On its disk; the same cluster id, stores and agreement on every member.</summary>
internal sealed record NodeIdentity
{
    /// <summary>The cluster, minted when it was made.</summary>
    public required Guid Cluster { get; init; }

    /// <summary>This node.</summary>
    public required NodeId Node { get; init; }

    /// <summary>This disk.</summary>
    public required Guid Store { get; init; }

    /// <summary>All members, this node included, by id ascending.</summary>
    public required IReadOnlyList<ClusterMember> Members { get; init; }

    /// <summary>Where the key space was cut when the cluster was made, ascending.</summary>
    public required IReadOnlyList<ReadOnlyMemory<byte>> SplitKeys { get; init; }

    /// <summary>How many replicas each range got then.</summary>
    public required int ReplicationFactor { get; init; }

    /// <summary>The hash of what all members agreed on when the cluster was made.</summary>
    public required ReadOnlyMemory<byte> AgreementHash { get; init; }

    /// <summary>This identity as it starts with a --cluster: the same nodes, possibly at other addresses; other nodes, or other split keys, are a
    /// <see cref="BootstrapRefusedException"/>.</summary>
    public NodeIdentity StartedWith(ClusterAgreement agreement)
    {
        var given = agreement.Members.Select(member => member.Node).ToList();
        var known = Members.Select(member => member.Node).ToList();
        if (!given.SequenceEqual(known))
        {
            throw new BootstrapRefusedException(
                $"This node belongs to cluster {Cluster} with nodes {string.Join(", ", known)}, but --cluster names {string.Join(", ", given)} "
                + $"({Differences(known, given)}). A started cluster changes its members by 'raftdb node add' and 'raftdb node remove'.");
        }

        var thenKeys = Shown(SplitKeys);
        var nowKeys = Shown(agreement.SplitKeys);
        if (thenKeys != nowKeys)
        {
            throw new BootstrapRefusedException(
                $"This node's cluster was made with --split-keys {thenKeys}, but now --split-keys is {nowKeys}. Start it with the same; ranges of a started cluster are split by "
                + "'raftdb range split'.");
        }

        if (agreement.ReplicationFactor != ReplicationFactor)
        {
            throw new BootstrapRefusedException(
                $"This node's cluster was made with {ReplicationFactor} replicas of each range (Node:ReplicationFactor), but now it is {agreement.ReplicationFactor}. Start it with the same.");
        }

        return this with { Members = [.. Members.Select(member => member with { Address = agreement.AddressOf(member.Node) })] };
    }

    private static string Differences(List<NodeId> known, List<NodeId> given) =>
        string.Join("; ", new[]
        {
            (What: "missing", Nodes: known.Except(given)),
            (What: "new", Nodes: given.Except(known)),
        }.Where(d => d.Nodes.Any()).Select(d => $"{d.What}: {string.Join(", ", d.Nodes)}"));

    private static string Shown(IReadOnlyList<ReadOnlyMemory<byte>> keys) =>
        keys.Count == 0 ? "(none)" : string.Join(',', keys.Select(key => KeyText.Of(key.Span)));
}
