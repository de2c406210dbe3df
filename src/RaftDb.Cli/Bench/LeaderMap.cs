using RaftDb.Client;
using RaftDb.Client.Protocol;

namespace RaftDb.Cli.Bench;

/// <summary>Which node leads the range of a key, as last heard. Replaced whole; read by all clients.</summary>
internal sealed class LeaderMap
{
    private readonly RangeStatus[] _ranges;
    private readonly Endpoint[] _leaders;

    private LeaderMap(RangeStatus[] ranges, Endpoint[] leaders, Endpoint[] nodes)
    {
        _ranges = ranges;
        _leaders = leaders;
        Nodes = nodes;
    }

    /// <summary>All nodes that are up.</summary>
    public Endpoint[] Nodes { get; }

    public int Ranges => _ranges.Length;

    /// <summary>Where a range's leader isn't known any node will do: it forwards.</summary>
    public static LeaderMap Of(ClusterStatus status, Endpoint fallback)
    {
        Dictionary<ulong, Endpoint> addresses = [];
        foreach (NodeStatus node in status.Nodes)
        {
            if (node.Alive && node.Http is { } http && Endpoint.TryParse(http, out Endpoint endpoint))
            {
                addresses[node.Id] = endpoint;
            }
        }

        RangeStatus[] ranges = [.. status.Ranges
            .Where(range => range.Kind != "meta")
            .OrderBy(range => range.Start?.Bytes ?? default, Comparer<ReadOnlyMemory<byte>>.Create((a, b) => a.Span.SequenceCompareTo(b.Span)))];
        Endpoint[] nodes = addresses.Count == 0 ? [fallback] : [.. addresses.OrderBy(pair => pair.Key).Select(pair => pair.Value)];
        Endpoint[] leaders = [.. ranges.Select(range =>
            range.Leader is { } leader && addresses.TryGetValue(leader, out Endpoint endpoint) ? endpoint : nodes[0])];
        return new(ranges, leaders, nodes);
    }

    public Endpoint LeaderOf(ReadOnlySpan<byte> key)
    {
        int low = 0, high = _ranges.Length - 1;
        while (low < high)
        {
            int middle = (low + high + 1) / 2;
            if (_ranges[middle].Start is { } start && key.SequenceCompareTo(start.Bytes.Span) < 0)
            {
                high = middle - 1;
            }
            else
            {
                low = middle;
            }
        }

        return _leaders.Length == 0 ? Nodes[0] : _leaders[low];
    }
}
