using RaftDb.Raft;
using RaftDb.Raft.Membership;

namespace RaftDb.Storage;

/// <summary>What kind of state a range holds.</summary>
public enum RangeKind : byte
{
    /// <summary>The cluster's own records; no user keys.</summary>
    Meta = 0,

    /// <summary>A piece of the user key space.</summary>
    KeyValue = 1,
}

/// <summary>One replica of a range and the node that it lives on.</summary>
public readonly record struct ReplicaDescriptor(ReplicaId Replica, NodeId Node);

/// <summary>What a range is: replicated in its own state, copied into the meta range as a directory.</summary>
public sealed record RangeDescriptor
{
    /// <summary>The range.</summary>
    public required RangeId Id { get; init; }

    /// <summary>What it holds.</summary>
    public required RangeKind Kind { get; init; }

    /// <summary>The first key, inclusive; empty = unbounded.</summary>
    public required ReadOnlyMemory<byte> Start { get; init; }

    private readonly ReadOnlyMemory<byte>? _end;

    /// <summary>The end, exclusive; null = unbounded. An empty one is taken for unbounded: no key lies before it, and C# makes one out of a null that passes
    /// through <c>condition ? null : bytes</c>.</summary>
    public required ReadOnlyMemory<byte>? End
    {
        get => _end;
        init => _end = value is { IsEmpty: false } ? value : default(ReadOnlyMemory<byte>?);
    }

    /// <summary>Raised by 1 on each split and merge.</summary>
    public required ulong Generation { get; init; }

    /// <summary>Where its replicas are, by replica id ascending.</summary>
    public required IReadOnlyList<ReplicaDescriptor> Replicas { get; init; }

    private readonly ReplicaId _next;

    /// <summary>The id that the next new replica gets: above every id that was ever given out in this range, those of removed replicas too.</summary>
    public ReplicaId NextReplicaId
    {
        get => new(Math.Max(_next.Value, LowestNextReplicaId));
        init => _next = value;
    }

    /// <summary>What the next id is when no replica with a higher id was ever removed. Encoders need to say only what differs from it.</summary>
    internal ulong LowestNextReplicaId => Replicas.Count == 0 ? 1 : Replicas.Max(r => r.Replica.Value) + 1;

    /// <summary>See <see cref="Raft.FailoverMode"/>.</summary>
    public FailoverMode FailoverMode { get; init; }

    /// <summary>Whether the key lies in [start, end).</summary>
    public bool Contains(ReadOnlySpan<byte> key) =>
        key.SequenceCompareTo(Start.Span) >= 0 && (End is not { } end || key.SequenceCompareTo(end.Span) < 0);

    /// <summary>The same range with other replicas. Ids that were given out stay given out.</summary>
    public RangeDescriptor WithReplicas(IEnumerable<ReplicaDescriptor> replicas) =>
        this with { Replicas = [.. replicas.OrderBy(r => r.Replica)], NextReplicaId = NextReplicaId };

    /// <summary>The descriptor once a change of membership is applied that led to <paramref name="configuration"/>: who came is there, who left is not. Decided by the log alone,
    /// so that all replicas agree on it; ids of replicas that did not come after all are used up all the same.</summary>
    public RangeDescriptor After(Configuration configuration, IReadOnlyList<ReplicaDescriptor> added)
    {
        RangeDescriptor all = WithReplicas(Replicas.Concat(added.Where(a => NodeOf(a.Replica) == default)));
        return all.WithReplicas(all.Replicas.Where(r => configuration.Contains(r.Replica)));
    }

    /// <summary>The replica on a node; <see cref="ReplicaId.None"/> when there is none.</summary>
    public ReplicaId ReplicaOn(NodeId node)
    {
        for (int i = 0; i < Replicas.Count; i++)
        {
            if (Replicas[i].Node == node)
            {
                return Replicas[i].Replica;
            }
        }

        return ReplicaId.None;
    }

    /// <summary>The node of a replica; default when it is not one of ours.</summary>
    public NodeId NodeOf(ReplicaId replica)
    {
        for (int i = 0; i < Replicas.Count; i++)
        {
            if (Replicas[i].Replica == replica)
            {
                return Replicas[i].Node;
            }
        }

        return default;
    }
}
