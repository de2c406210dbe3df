namespace RaftDb.Storage.StateMachines.Memory;

/// <summary>Several cursors as one: of rows with the same key the first cursor's counts, and one that is gone there is not shown.</summary>
internal sealed class MergedCursor(IReadOnlyList<RowCursor> cursors, bool isDescending) : RowCursor
{
    private readonly bool[] _isAt = new bool[cursors.Count];
    private RowCursor? _current;
    private bool _hasBegun;

    /// <inheritdoc/>
    public override ReadOnlySpan<byte> Key => _current!.Key;

    /// <inheritdoc/>
    public override RowFacts Facts => _current!.Facts;

    /// <inheritdoc/>
    public override ReadOnlySpan<byte> Value => _current!.Value;

    /// <inheritdoc/>
    public override bool MoveNext()
    {
        do
        {
            if (!_hasBegun)
            {
                _hasBegun = true;
                for (int i = 0; i < cursors.Count; i++)
                {
                    _isAt[i] = cursors[i].MoveNext();
                }
            }
            else
            {
                Pass();
            }

            Choose();
        }
        while (_current is not null && !_current.Facts.Exists);

        return _current is not null;
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        foreach (RowCursor cursor in cursors)
        {
            cursor.Dispose();
        }
    }

    /// <summary>All that stand at the present key move on, the one that shows it last.</summary>
    private void Pass()
    {
        if (_current is not { } current)
        {
            return;
        }

        int own = 0;
        for (int i = 0; i < cursors.Count; i++)
        {
            if (ReferenceEquals(cursors[i], current))
            {
                own = i;
            }
            else if (_isAt[i] && cursors[i].Key.SequenceEqual(current.Key))
            {
                _isAt[i] = cursors[i].MoveNext();
            }
        }

        _isAt[own] = current.MoveNext();
    }

    private void Choose()
    {
        _current = null;
        for (int i = 0; i < cursors.Count; i++)
        {
            if (!_isAt[i])
            {
                continue;
            }

            int order = _current is null ? -1 : cursors[i].Key.SequenceCompareTo(_current.Key);
            if (_current is null || (isDescending ? order > 0 : order < 0))
            {
                _current = cursors[i];
            }
        }
    }
}
