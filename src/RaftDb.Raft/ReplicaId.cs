namespace RaftDb.Raft;

/// <summary>A member of one Raft group. Never reused within its range: a replica that was moved away and back is a
/// new one. 0 is "none".</summary>
public readonly record struct ReplicaId(ulong Value) : IComparable<ReplicaId>
{
    /// <summary>No replica.</summary>
    public static readonly ReplicaId None = new(0);

    /// <summary>Whether this names no replica.</summary>
    public bool IsNone => Value == 0;

    /// <inheritdoc/>
    public int CompareTo(ReplicaId other) => Value.CompareTo(other.Value);

    /// <inheritdoc/>
    public override string ToString() => Value.ToString();
}
