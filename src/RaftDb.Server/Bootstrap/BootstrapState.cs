using RaftDb.Storage;

namespace RaftDb.Server.Bootstrap;

/// <summary>How far a node is with the bootstrap.</summary>
internal enum BootstrapPhase : byte
{
    /// <summary>It has a store id and belongs to no cluster.</summary>
    Fresh = 1,

    /// <summary>It has promised to belong to one cluster and no other.</summary>
    Prepared = 2,

    /// <summary>It belongs to a cluster.</summary>
    Committed = 3,
}

/// <summary>What a node has on its disk of the bootstrap.</summary>
/// <param name="Phase">How far it is.</param>
/// <param name="Store">Its own store id.</param>
/// <param name="Cluster">The cluster; empty while fresh.</param>
/// <param name="Stores">Every member's store id, by node ascending; empty while fresh.</param>
internal sealed record BootstrapState(BootstrapPhase Phase, Guid Store, Guid Cluster, IReadOnlyList<(NodeId Node, Guid Store)> Stores)
{
    /// <summary>A disk that belongs to nothing.</summary>
    public static BootstrapState Fresh(Guid store) => new(BootstrapPhase.Fresh, store, Guid.Empty, []);

    /// <summary>The store that a member has, as far as is known.</summary>
    public Guid? StoreOf(NodeId node)
    {
        foreach (var (each, store) in Stores)
        {
            if (each == node)
            {
                return store;
            }
        }

        return null;
    }
}
