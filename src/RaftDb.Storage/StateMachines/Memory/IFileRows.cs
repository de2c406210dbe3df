namespace RaftDb.Storage.StateMachines.Memory;

/// <summary>The rows below all tables in memory: those of the file, or of the simulator's.</summary>
internal interface IFileRows
{
    /// <summary>Version, index, expiry and size of a key's row.</summary>
    RowFacts Find(ReadOnlySpan<byte> key);

    /// <summary>A copy of a key's value; null when it is absent.</summary>
    byte[]? Value(ReadOnlySpan<byte> key);

    /// <summary>Rows of [start, end) upwards, without values; an empty end is the end of the range. One at a time.</summary>
    RowCursor Between(ReadOnlySpan<byte> start, ReadOnlySpan<byte> end);

    /// <summary>Rows that expire, from one on, the earliest first, then in key order. One at a time.</summary>
    IEnumerable<(long Expiry, byte[] Key)> Expiring((long Expiry, byte[] Key) first);
}
