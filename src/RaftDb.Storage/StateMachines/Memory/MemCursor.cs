namespace RaftDb.Storage.StateMachines.Memory;

/// <summary>The rows of a <see cref="MemTable"/> as of an applied index, removed ones included.</summary>
internal sealed class MemCursor(MemTable table, ulong asOf, byte[] start, byte[]? end, bool isDescending) : RowCursor
{
    private int _node;
    private MemRow _row;
    private bool _hasBegun;

    /// <inheritdoc/>
    public override ReadOnlySpan<byte> Key => table.Key(_node);

    /// <inheritdoc/>
    public override RowFacts Facts => _row.Facts;

    /// <inheritdoc/>
    public override ReadOnlySpan<byte> Value => table.Value(_row);

    /// <inheritdoc/>
    public override bool MoveNext()
    {
        if (!_hasBegun)
        {
            table.Order();
        }

        do
        {
            _node = Step();
            _hasBegun = true;
            if (_node == MemoryArena.Nowhere || !IsInside(table.Key(_node)))
            {
                return false;
            }
        }
        while (!table.TryVersion(_node, asOf, out _row));

        return true;
    }

    private int Step()
    {
        if (isDescending)
        {
            return table.LastBelow(_hasBegun ? table.Key(_node).ToArray() : end);
        }

        return _hasBegun ? table.After(_node) : table.FirstFrom(start);
    }

    private bool IsInside(ReadOnlySpan<byte> key) =>
        isDescending ? key.SequenceCompareTo(start) >= 0 : end is null || key.SequenceCompareTo(end) < 0;
}
