using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using RaftDb.Server.Transport;
using RaftDb.Storage;

namespace RaftDb.Server.Bootstrap;

/// <summary>What all nodes must have been told alike: --cluster and --split-keys, in one canonical form.</summary>
internal sealed class ClusterAgreement
{
    private ClusterAgreement(IReadOnlyList<(NodeId Node, string Address)> members, IReadOnlyList<string> splitKeys)
    {
        Members = members;
        SplitKeys = splitKeys;
        ClusterText = string.Join(',', members.Select(member => $"{member.Node}={member.Address}"));
        SplitKeysText = string.Join(',', splitKeys.Select(key => Convert.ToHexStringLower(Encoding.UTF8.GetBytes(key))));
        Hash = SHA256.HashData(Encoding.UTF8.GetBytes($"{ClusterText}\n{SplitKeysText}\n"));
    }

    /// <summary>The nodes, by id ascending.</summary>
    public IReadOnlyList<(NodeId Node, string Address)> Members { get; }

    /// <summary>The split keys, in the order of their bytes.</summary>
    public IReadOnlyList<string> SplitKeys { get; }

    /// <summary>--cluster as it is compared: 1=HOST:PORT,2=HOST:PORT.</summary>
    public string ClusterText { get; }

    /// <summary>--split-keys as they are compared: hex, since a key may hold a comma.</summary>
    public string SplitKeysText { get; }

    /// <summary>SHA-256 of both.</summary>
    public ReadOnlyMemory<byte> Hash { get; }

    /// <summary>Where a node is dialled.</summary>
    public string AddressOf(NodeId node) => Members.First(member => member.Node == node).Address;

    /// <summary>Makes it from what was given, or throws <see cref="BootstrapRefusedException"/>.</summary>
    public static ClusterAgreement Of(IEnumerable<(NodeId Node, string Address)> members, IEnumerable<string> splitKeys)
    {
        var ordered = members.Select(member => (member.Node, Address: member.Address.Trim().ToLowerInvariant())).OrderBy(member => member.Node).ToList();
        Require(ordered.Count > 0, "--cluster names no node");
        for (var i = 0; i < ordered.Count; i++)
        {
            var (node, address) = ordered[i];
            Require(node.Value > 0, "--cluster names node 0; ids start at 1");
            Require(PeerAddress.TryParse(address, out _), $"--cluster: '{address}' of node {node} is not an address of the form HOST:PORT");
            Require(i == 0 || ordered[i - 1].Node != node, $"--cluster names node {node} twice");
            Require(ordered.FindIndex(other => other.Address == address) == i, $"--cluster gives {address} to two nodes");
        }

        var keys = splitKeys.ToList();
        keys.Sort(static (a, b) => Encoding.UTF8.GetBytes(a).AsSpan().SequenceCompareTo(Encoding.UTF8.GetBytes(b)));
        for (var i = 0; i < keys.Count; i++)
        {
            Require(keys[i].Length > 0, "--split-keys holds an empty key");
            Require(i == 0 || keys[i - 1] != keys[i], $"--split-keys holds '{keys[i]}' twice");
        }

        return new(ordered, keys);
    }

    /// <summary>Parses 1=HOST:PORT,2=HOST:PORT, or throws <see cref="BootstrapRefusedException"/>.</summary>
    public static IReadOnlyList<(NodeId Node, string Address)> ParseCluster(string text)
    {
        List<(NodeId, string)> members = [];
        foreach (var part in text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            var equals = part.IndexOf('=');
            Require(
                equals > 0 && ulong.TryParse(part.AsSpan(0, equals), NumberStyles.None, CultureInfo.InvariantCulture, out _),
                $"--cluster: '{part}' is not of the form ID=HOST:PORT");
            members.Add((new(ulong.Parse(part.AsSpan(0, equals), NumberStyles.None, CultureInfo.InvariantCulture)), part[(equals + 1)..]));
        }

        return members;
    }

    private static void Require(bool holds, string fault)
    {
        if (!holds)
        {
            throw new BootstrapRefusedException($"{fault}.");
        }
    }
}
