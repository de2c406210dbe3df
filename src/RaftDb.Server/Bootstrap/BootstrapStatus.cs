using RaftDb.Server.Transport.Wire;
using RaftDb.Storage;

namespace RaftDb.Server.Bootstrap;

/// <summary>What one node tells another of its bootstrap.</summary>
/// <param name="Node">Who says it.</param>
/// <param name="State">How far it is.</param>
/// <param name="ClusterText">Its --cluster, in canonical form, to name what differs.</param>
/// <param name="PlacementText">Its split keys and replication factor.</param>
internal sealed record BootstrapStatus(NodeId Node, BootstrapState State, string ClusterText, string PlacementText)
{
    private const int MaxTextBytes = 16 << 10;

    /// <summary>Long enough for clusters of hundreds of nodes.</summary>
    public const int MaxFrameBytes = 64 << 10;

    public void Encode(WireWriter writer)
    {
        var start = writer.BeginFrame(FrameKind.Bootstrap);
        writer.Varint(Node.Value);
        writer.Byte((byte)State.Phase);
        writer.Guid(State.Store);
        writer.Guid(State.Cluster);
        writer.Varint((ulong)State.Stores.Count);
        foreach (var (node, store) in State.Stores)
        {
            writer.Varint(node.Value);
            writer.Guid(store);
        }

        writer.Text(Shortened(ClusterText));
        writer.Text(Shortened(PlacementText));
        writer.EndFrame(start);
    }

    public static BootstrapStatus Decode(Frame frame)
    {
        WireReader.Require(frame.Kind == FrameKind.Bootstrap, $"a frame of kind {frame.Kind} came in the bootstrap");
        WireReader reader = new(frame.Payload.Span);
        NodeId node = new(reader.Varint());
        var phase = (BootstrapPhase)reader.Byte();
        WireReader.Require(phase is >= BootstrapPhase.Fresh and <= BootstrapPhase.Committed, "a bootstrap is in an unknown phase");
        var store = reader.Guid();
        var cluster = reader.Guid();
        var stores = new (NodeId, Guid)[reader.Count(bytesPerItem: 17)];
        for (var i = 0; i < stores.Length; i++)
        {
            NodeId member = new(reader.Varint());
            stores[i] = (member, reader.Guid());
        }

        var clusterText = reader.Text(MaxTextBytes);
        var placementText = reader.Text(MaxTextBytes);
        reader.End();
        return new(node, new(phase, store, cluster, stores), clusterText, placementText);
    }

    // Both are ASCII, and only shown: what is compared is their hash.
    private static string Shortened(string text) => text.Length <= MaxTextBytes ? text : text[..MaxTextBytes];
}
