using System.Diagnostics;
using RaftDb.Client.Resp;

namespace RaftDb.Client.Routing;

/// <summary>A range as the client believes it to be.</summary>
internal sealed class RangeRoute(ulong id, byte[] start, byte[]? end, ulong generation, ulong term, ulong[] replicas)
{
    private long _leader;
    private int _turn;

    public ulong Id => id;

    public byte[] Start => start;

    /// <summary>Null: unbounded.</summary>
    public byte[]? End => end;

    public ulong Generation => generation;

    public ulong Term => term;

    /// <summary>The nodes that have replicas.</summary>
    public IReadOnlyList<ulong> Replicas => replicas;

    /// <summary>Who leads it, as far as is known; 0 = not known. Follows what answers say.</summary>
    public ulong Leader
    {
        get => (ulong)Volatile.Read(ref _leader);
        set => Volatile.Write(ref _leader, (long)value);
    }

    /// <summary>Another number each time, so that reads are spread.</summary>
    public int NextTurn() => Interlocked.Increment(ref _turn) & int.MaxValue;

    public bool Contains(ReadOnlySpan<byte> key) =>
        key.SequenceCompareTo(start) >= 0 && (end is null || key.SequenceCompareTo(end) < 0);
}

/// <summary>A node as the routes tell of it.</summary>
internal sealed record NodeRoute(ulong Id, string? Http, string? Resp, bool IsConnected);

/// <summary>All ranges in key order, without gap or overlap, and the nodes. Immutable but for the leaders.</summary>
internal sealed class RouteMap
{
    private readonly RangeRoute[] _ranges;

    private RouteMap(string cluster, ulong node, long logTime, NodeRoute[] nodes, RangeRoute[] ranges)
    {
        Cluster = cluster;
        Node = node;
        LogTime = logTime;
        Nodes = nodes;
        _ranges = ranges;
    }

    public string Cluster { get; }

    /// <summary>Who told it.</summary>
    public ulong Node { get; }

    /// <summary>The log's time then, in milliseconds since 1970.</summary>
    public long LogTime { get; }

    /// <summary>When it came, on the monotonic clock.</summary>
    public long Received { get; } = Stopwatch.GetTimestamp();

    public IReadOnlyList<NodeRoute> Nodes { get; }

    public IReadOnlyList<RangeRoute> Ranges => _ranges;

    /// <summary>A range by its id; null when there is none.</summary>
    public RangeRoute? Find(ulong range) => Array.Find(_ranges, one => one.Id == range);

    /// <summary>The range of a key.</summary>
    public RangeRoute Of(ReadOnlySpan<byte> key)
    {
        int low = 0;
        int high = _ranges.Length - 1;
        while (low < high)
        {
            int middle = (low + high + 1) / 2;
            if (key.SequenceCompareTo(_ranges[middle].Start) >= 0)
            {
                low = middle;
            }
            else
            {
                high = middle - 1;
            }
        }

        return _ranges[low];
    }

    /// <summary>The range in which a scan downwards from a bound begins.</summary>
    public RangeRoute Before(ReadOnlyMemory<byte>? end)
    {
        if (end is not { } bound)
        {
            return _ranges[^1];
        }

        RangeRoute of = Of(bound.Span);
        int place = Array.IndexOf(_ranges, of);
        return place > 0 && bound.Span.SequenceEqual(of.Start) ? _ranges[place - 1] : of;
    }

    /// <summary>Reads the answer to RDB.ROUTES. Throws <see cref="UnexpectedAnswerException"/> for one that makes no sense.</summary>
    public static RouteMap Read(RespValue answer, RouteMap? before)
    {
        NodeRoute[] nodes = [.. answer[3].Items.Select(node => new NodeRoute(node[0].Unsigned, Text(node[1]), Text(node[2]), node[3].Integer == 1))];
        RangeRoute[] ranges = [.. answer[4].Items.Select(Range)];
        bool covers = ranges.Length > 0 && ranges[0].Start.Length == 0 && ranges[^1].End is null;
        for (int i = 1; i < ranges.Length; i++)
        {
            covers &= ranges[i - 1].End is { } end && end.AsSpan().SequenceEqual(ranges[i].Start);
        }

        if (!covers)
        {
            throw new UnexpectedAnswerException("the ranges that the node named do not cover the key space");
        }

        foreach (RangeRoute range in ranges)
        {
            // A node that is behind must not undo what another one said.
            RangeRoute? known = before?._ranges.FirstOrDefault(r => r.Id == range.Id);
            if (known is not null && known.Leader != 0 && (range.Leader == 0 || known.Term > range.Term))
            {
                range.Leader = known.Leader;
            }
        }

        return new(answer[0].Text, answer[1].Unsigned, answer[2].Integer, nodes, ranges);
    }

    private static RangeRoute Range(RespValue range) =>
        new(range[0].Unsigned, range[1].Bytes, range[2].IsNull ? null : range[2].Bytes, range[3].Unsigned, range[5].Unsigned, [.. range[6].Items.Select(node => node.Unsigned)])
        {
            Leader = range[4].Unsigned,
        };

    private static string? Text(RespValue value) => value.IsNull ? null : value.Text;
}
