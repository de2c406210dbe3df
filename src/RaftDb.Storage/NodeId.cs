namespace RaftDb.Storage;

/// <summary>A node: a process with its disk. Given by the operator, 1 or more.</summary>
public readonly record struct NodeId(ulong Value) : IComparable<NodeId>
{
    /// <inheritdoc/>
    public int CompareTo(NodeId other) => Value.CompareTo(other.Value);

    /// <inheritdoc/>
    public override string ToString() => Value.ToString();
}
