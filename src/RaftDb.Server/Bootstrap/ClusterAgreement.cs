using System.Security.Cryptography;
using System.Text;
using RaftDb.Server.Transport;
using RaftDb.Storage;

namespace RaftDb.Server.Bootstrap;

/// <summary>What all nodes must have been told alike: --cluster, --split-keys and the replication factor, in one canonical form.</summary>
internal sealed class ClusterAgreement
{
    private ClusterAgreement(
        IReadOnlyList<(NodeId Node, string Address)> members, IReadOnlyList<ReadOnlyMemory<byte>> splitKeys, int replicationFactor, string? backup)
    {
        Members = members;
        SplitKeys = splitKeys;
        ReplicationFactor = replicationFactor;
        ClusterText = string.Join(',', members.Select(member => $"{member.Node}={member.Address}"));
        PlacementText = $"replication={replicationFactor}{(backup is null ? "" : $" backup={backup}")} split={string.Join(',', splitKeys.Select(key => Convert.ToHexStringLower(key.Span)))}";
        Hash = SHA256.HashData(Encoding.UTF8.GetBytes($"{ClusterText}\n{PlacementText}\n"));
    }

    /// <summary>The nodes, by id ascending.</summary>
    public IReadOnlyList<(NodeId Node, string Address)> Members { get; }

    /// <summary>The split keys, ascending.</summary>
    public IReadOnlyList<ReadOnlyMemory<byte>> SplitKeys { get; }

    /// <summary>How many replicas each range gets.</summary>
    public int ReplicationFactor { get; }

    /// <summary>--cluster as it is compared: 1=HOST:PORT,2=HOST:PORT.</summary>
    public string ClusterText { get; }

    /// <summary>The rest as it is compared; split keys in hex, since a key may hold a comma.</summary>
    public string PlacementText { get; }

    /// <summary>SHA-256 of both.</summary>
    public ReadOnlyMemory<byte> Hash { get; }

    /// <summary>Where a node is dialled.</summary>
    public string AddressOf(NodeId node) => Members.First(member => member.Node == node).Address;

    /// <summary>Makes it from what was given (<paramref name="backup"/> names the backup that the cluster is restored from), or throws <see cref="BootstrapRefusedException"/>.</summary>
    public static ClusterAgreement Of(
        IEnumerable<KeyValuePair<NodeId, string>> cluster, IEnumerable<ReadOnlyMemory<byte>> splitKeys, int replicationFactor, string? backup = null)
    {
        var members = cluster.Select(member => (Node: member.Key, Address: member.Value.Trim().ToLowerInvariant())).OrderBy(member => member.Node).ToList();
        Require(members.Count > 0, "--cluster names no node");
        for (var i = 0; i < members.Count; i++)
        {
            var (node, address) = members[i];
            Require(node.Value > 0, "--cluster names node 0; ids start at 1");
            Require(PeerAddress.TryParse(address, out _), $"--cluster: '{address}' of node {node} is not an address of the form HOST:PORT");
            Require(i == 0 || members[i - 1].Node != node, $"--cluster names node {node} twice");
            Require(members.FindIndex(other => other.Address == address) == i, $"--cluster gives {address} to two nodes");
        }

        var keys = splitKeys.ToList();
        for (var i = 0; i < keys.Count; i++)
        {
            Require(keys[i].Length > 0, "--split-keys holds an empty key");
            Require(i == 0 || keys[i - 1].Span.SequenceCompareTo(keys[i].Span) < 0, "--split-keys do not ascend");
        }

        return new(members, keys, replicationFactor, backup);
    }

    private static void Require(bool holds, string fault)
    {
        if (!holds)
        {
            throw new BootstrapRefusedException($"{fault}.");
        }
    }
}
