namespace RaftDb.Storage;

/// <summary>A range of the key space, which is one Raft group. 1 is the meta range; user ranges start at 2.</summary>
public readonly record struct RangeId(ulong Value) : IComparable<RangeId>
{
    /// <summary>The range that holds the node registry, the range descriptors and the cluster settings.</summary>
    public static readonly RangeId Meta = new(1);

    /// <inheritdoc/>
    public int CompareTo(RangeId other) => Value.CompareTo(other.Value);

    /// <inheritdoc/>
    public override string ToString() => Value.ToString();
}
