namespace RaftDb.Storage.StateMachines;

/// <summary>The rows of one range as commands change them, batch by batch.
/// Used by the thread that applies.</summary>
internal interface IKeyValueTable
{
    /// <summary>Version, index, expiry and size of a key's row.</summary>
    RowFacts Find(ReadOnlySpan<byte> key);

    /// <summary>A copy of a key's value; null when it is absent.</summary>
    byte[]? Value(ReadOnlySpan<byte> key);

    /// <summary>Whether a key is there with just this value.</summary>
    bool ValueEquals(ReadOnlySpan<byte> key, ReadOnlySpan<byte> expected);

    /// <summary>Writes a row: a new one at version 1, else over the present one.</summary>
    void Write(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, ulong version, ulong index, long expiry, HybridTimestamp time);

    /// <summary>Removes a row, which is there.</summary>
    void Delete(ReadOnlySpan<byte> key, ulong index);

    /// <summary>Removes the first <paramref name="limit"/> rows of [start, end); tells how many, their bytes, whether one had an expiry, and whether more are left.</summary>
    (long Count, long Bytes, bool HadExpiry, bool More) DeleteRange(ReadOnlySpan<byte> start, ReadOnlySpan<byte> end, long limit, ulong index);

    /// <summary>The keys that <see cref="DeleteRange"/> with the same arguments would remove.</summary>
    void KeysBetween(ReadOnlySpan<byte> start, ReadOnlySpan<byte> end, long limit, List<byte[]> keys);

    /// <summary>Keys whose expiry is at or before a time, earliest first, then in key order.</summary>
    void Expired(long milliseconds, int limit, List<byte[]> keys);

    /// <summary>The earliest expiry; 0 without one.</summary>
    long EarliestExpiry();

    /// <summary>Marks a point within the transaction. One at a time.</summary>
    void Savepoint();

    /// <summary>Forgets the point; what was done since stays.</summary>
    void Release();

    /// <summary>Takes back what was done since the point, and forgets it.</summary>
    void RollBack();
}
