using System.Security.Cryptography;
using RaftDb.Server.Bootstrap;
using RaftDb.Storage;

namespace RaftDb.Server.Transport.Handshakes;

/// <summary>What this node says of itself, on each connection.</summary>
internal sealed class HelloFactory(
    Guid cluster, NodeId node, Guid store, ReadOnlyMemory<byte> agreementHash, LocalNodeFacts facts, ulong incarnation)
{
    /// <summary>Of a bootstrapped node.</summary>
    public HelloFactory(NodeIdentity identity, LocalNodeFacts facts, ulong incarnation)
        : this(identity.Cluster, identity.Node, identity.Store, identity.AgreementHash, facts, incarnation)
    {
    }

    /// <summary>A number that no other process has.</summary>
    public static ulong NewIncarnation() => BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(sizeof(ulong)));

    /// <summary>The hello for a connection to a node.</summary>
    public Hello For(NodeId to, ConnectionPurpose purpose) => new()
    {
        MinVersion = ProtocolVersions.Min,
        MaxVersion = ProtocolVersions.Max,
        Purpose = purpose,
        Cluster = cluster,
        Node = node,
        To = to,
        Store = store,
        Incarnation = incarnation,
        AgreementHash = agreementHash,
        Http = facts.Http,
        Resp = facts.Resp,
        Zone = facts.Zone,
        Sqlite = facts.Sqlite,
    };
}
