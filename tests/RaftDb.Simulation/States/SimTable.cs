using System.Collections.Immutable;
using RaftDb.Storage;
using RaftDb.Storage.StateMachines;

namespace RaftDb.Simulation.States;

/// <summary>The rows as a transaction changes them: what the product keeps in memory and in SQLite, over immutable maps.</summary>
internal sealed class SimTable : IKeyValueTable
{
    private ImmutableSortedDictionary<byte[], SimRow> _rows = null!;
    private ImmutableSortedSet<SimRow> _byExpiry = null!;
    private ulong _hash;
    private (ImmutableSortedDictionary<byte[], SimRow> Rows, ImmutableSortedSet<SimRow> ByExpiry, ulong Hash) _savepoint;

    /// <summary>The digest of the rows as they are now.</summary>
    public ulong Hash => _hash;

    public void Begin(StateVersion from) => (_rows, _byExpiry, _hash) = (from.Rows, from.ByExpiry, from.RowsHash);

    public StateVersion End(StateMeta meta, SimSessions sessions) => new(meta, _rows, _byExpiry, _hash, sessions);

    public RowFacts Find(ReadOnlySpan<byte> key) => Row(key)?.Facts ?? RowFacts.Absent;

    public byte[]? Value(ReadOnlySpan<byte> key) => Row(key)?.Value;

    public bool ValueEquals(ReadOnlySpan<byte> key, ReadOnlySpan<byte> expected) => Row(key) is { } row && row.Value.AsSpan().SequenceEqual(expected);

    public void Write(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, ulong version, ulong index, long expiry, HybridTimestamp time)
    {
        Remove(Row(key));
        Add(new(key.ToArray(), value.ToArray(), version, index, expiry, time.Value));
    }

    public void Delete(ReadOnlySpan<byte> key, ulong index)
    {
        if (Row(key) is { } row)
        {
            Remove(row);
            _rows = _rows.Remove(row.Key);
        }
    }

    public (long Count, long Bytes, bool HadExpiry, bool More) DeleteRange(ReadOnlySpan<byte> start, ReadOnlySpan<byte> end, long limit, ulong index)
    {
        List<SimRow> found = [];
        bool more = false;
        foreach (SimRow row in _rows.Values)
        {
            if (row.Key.AsSpan().SequenceCompareTo(start) < 0)
            {
                continue;
            }

            if (!end.IsEmpty && row.Key.AsSpan().SequenceCompareTo(end) >= 0)
            {
                break;
            }

            if (found.Count == limit)
            {
                more = true;
                break;
            }

            found.Add(row);
        }

        long bytes = 0;
        bool hadExpiry = false;
        foreach (SimRow row in found)
        {
            bytes += row.Key.Length + row.Value.Length;
            hadExpiry |= row.Expiry > 0;
            Remove(row);
            _rows = _rows.Remove(row.Key);
        }

        return (found.Count, bytes, hadExpiry, more);
    }

    public void KeysBetween(ReadOnlySpan<byte> start, ReadOnlySpan<byte> end, long limit, List<byte[]> keys)
    {
        foreach (byte[] key in _rows.Keys)
        {
            if (keys.Count < limit && key.AsSpan().SequenceCompareTo(start) >= 0 && (end.IsEmpty || key.AsSpan().SequenceCompareTo(end) < 0))
            {
                keys.Add(key);
            }
        }
    }

    public void Expired(long milliseconds, int limit, List<byte[]> keys)
    {
        foreach (SimRow row in _byExpiry)
        {
            if (row.Expiry > milliseconds || keys.Count == limit)
            {
                return;
            }

            keys.Add(row.Key);
        }
    }

    public long EarliestExpiry() => _byExpiry.IsEmpty ? 0 : _byExpiry[0].Expiry;

    public void Savepoint() => _savepoint = (_rows, _byExpiry, _hash);

    public void Release()
    {
    }

    public void RollBack() => (_rows, _byExpiry, _hash) = _savepoint;

    private SimRow? Row(ReadOnlySpan<byte> key) => _rows.GetValueOrDefault(key.ToArray());

    private void Add(SimRow row)
    {
        _rows = _rows.SetItem(row.Key, row);
        _hash += row.Hash;
        if (row.Expiry > 0)
        {
            _byExpiry = _byExpiry.Add(row);
        }
    }

    /// <summary>Takes a row out of what is kept beside the map; the map's own entry is replaced or removed by the caller.</summary>
    private void Remove(SimRow? row)
    {
        if (row is null)
        {
            return;
        }

        _hash -= row.Hash;
        if (row.Expiry > 0)
        {
            _byExpiry = _byExpiry.Remove(row);
        }
    }
}
