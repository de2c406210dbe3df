namespace RaftDb.Storage.StateMachines.Memory;

/// <summary>The rows of a range as commands find and change them: the tables in memory, the newest first, and what is in the file below. Used by the thread that applies.</summary>
internal sealed class LayeredRows(IFileRows file, RowFactsCache known) : IKeyValueTable
{
    private static readonly (long Expiry, byte[] Key) Earliest = (long.MinValue, []);

    private readonly List<(long Expiry, byte[] Key)> _due = [];
    private MemTable[] _tables = [];

    // Up to here, what expires according to a lower layer has been written anew above it: not to be looked through each time.
    private (long Expiry, byte[] Key)[] _outdated = [Earliest];

    private MemTable Top => _tables[0];

    /// <summary>Has other tables lie above the file, the newest first; it is the one that is written.</summary>
    public void Stack(MemTable[] tables)
    {
        _tables = tables;
        _outdated = new (long, byte[])[tables.Length + 1];
        ForgetOutdated();
    }

    /// <inheritdoc/>
    public RowFacts Find(ReadOnlySpan<byte> key)
    {
        if (known.TryFind(key, out RowFacts facts))
        {
            return facts;
        }

        facts = TryFind(key, out _, out MemRow row) ? row.Facts : file.Find(key);
        known.Set(key, facts);
        return facts;
    }

    /// <inheritdoc/>
    public byte[]? Value(ReadOnlySpan<byte> key)
    {
        if (!TryFind(key, out MemTable? table, out MemRow row))
        {
            return file.Value(key);
        }

        return row.Exists ? table!.Value(row).ToArray() : null;
    }

    /// <inheritdoc/>
    public bool ValueEquals(ReadOnlySpan<byte> key, ReadOnlySpan<byte> expected) => TryFind(key, out MemTable? table, out MemRow row)
        ? row.Exists && table!.Value(row).SequenceEqual(expected)
        : file.Value(key) is { } value && expected.SequenceEqual(value);

    /// <inheritdoc/>
    public void Write(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, ulong version, ulong index, long expiry, HybridTimestamp time)
    {
        Top.Write(key, value, version, index, expiry, time.Value);
        known.Set(key, new(version, index, expiry, value.Length));
    }

    /// <inheritdoc/>
    public void Delete(ReadOnlySpan<byte> key, ulong index)
    {
        Top.Write(key, default, 0, index, 0, 0);
        known.Remove(key);
    }

    /// <inheritdoc/>
    public (long Count, long Bytes, bool HadExpiry, bool More) DeleteRange(ReadOnlySpan<byte> start, ReadOnlySpan<byte> end, long limit, ulong index)
    {
        // Found first and removed afterwards: cursors don't like what they go through to change.
        List<byte[]> keys = [];
        long bytes = 0;
        bool hadExpiry = false;
        bool more = false;
        using (RowCursor rows = Between(start, end))
        {
            while (rows.MoveNext())
            {
                if (keys.Count == limit)
                {
                    more = true;
                    break;
                }

                keys.Add(rows.Key.ToArray());
                bytes += rows.Key.Length + rows.Facts.ValueBytes;
                hadExpiry |= rows.Facts.Expiry > 0;
            }
        }

        keys.ForEach(key => Delete(key, index));
        return (keys.Count, bytes, hadExpiry, more);
    }

    /// <inheritdoc/>
    public void KeysBetween(ReadOnlySpan<byte> start, ReadOnlySpan<byte> end, long limit, List<byte[]> keys)
    {
        using RowCursor rows = Between(start, end);
        while (keys.Count < limit && rows.MoveNext())
        {
            keys.Add(rows.Key.ToArray());
        }
    }

    /// <inheritdoc/>
    public void Expired(long milliseconds, int limit, List<byte[]> keys)
    {
        _due.Clear();
        for (int layer = 0; layer <= _tables.Length; layer++)
        {
            int found = 0;
            foreach ((long Expiry, byte[] Key) expiring in Expiring(layer))
            {
                if (expiring.Expiry > milliseconds || found == limit)
                {
                    break;
                }

                _due.Add(expiring);
                found++;
            }
        }

        _due.Sort(ExpiringKeys.Order.Instance);
        foreach ((long _, byte[] key) in _due.Take(limit))
        {
            keys.Add(key);
        }
    }

    /// <inheritdoc/>
    public long EarliestExpiry()
    {
        long earliest = 0;
        for (int layer = 0; layer <= _tables.Length; layer++)
        {
            foreach ((long expiry, byte[] _) in Expiring(layer))
            {
                earliest = earliest == 0 ? expiry : Math.Min(earliest, expiry);
                break;
            }
        }

        return earliest;
    }

    /// <inheritdoc/>
    public void Savepoint()
    {
        Top.Savepoint();
        known.Savepoint();
    }

    /// <inheritdoc/>
    public void Release()
    {
        Top.Release();
        known.Release();
    }

    /// <inheritdoc/>
    public void RollBack()
    {
        Top.RollBack();
        known.RollBack();
        ForgetOutdated();
    }

    private void ForgetOutdated() => Array.Fill(_outdated, Earliest);

    private bool TryFind(ReadOnlySpan<byte> key, out MemTable? table, out MemRow row)
    {
        foreach (MemTable layer in _tables)
        {
            if (layer.TryFind(key, out row))
            {
                table = layer;
                return true;
            }
        }

        table = null;
        row = default;
        return false;
    }

    private RowCursor Between(ReadOnlySpan<byte> start, ReadOnlySpan<byte> end)
    {
        byte[] first = start.ToArray();
        byte[]? last = end.IsEmpty ? null : end.ToArray();
        List<RowCursor> cursors = [];
        foreach (MemTable table in _tables)
        {
            cursors.Add(new MemCursor(table, ulong.MaxValue, first, last, isDescending: false));
        }

        cursors.Add(file.Between(start, end));
        return new MergedCursor(cursors, isDescending: false);
    }

    /// <summary>What expires according to a layer and is not written anew above it.</summary>
    private IEnumerable<(long Expiry, byte[] Key)> Expiring(int layer)
    {
        bool isFirst = true;
        foreach ((long Expiry, byte[] Key) expiring in layer < _tables.Length ? _tables[layer].Expiring.From(_outdated[layer]) : file.Expiring(_outdated[layer]))
        {
            // The uppermost table alone still changes, and nothing is above it.
            bool isOutdated = layer > 0 && IsAbove(layer, expiring.Key);
            if (isFirst && layer > 0)
            {
                _outdated[layer] = expiring;
            }

            isFirst &= isOutdated;
            if (!isOutdated)
            {
                yield return expiring;
            }
        }
    }

    private bool IsAbove(int layer, byte[] key)
    {
        for (int i = 0; i < layer; i++)
        {
            if (_tables[i].TryFind(key, out _))
            {
                return true;
            }
        }

        return false;
    }
}
