using RaftDb.Client.Protocol;

namespace RaftDb.Client;

/// <summary>How a put went.</summary>
/// <param name="Range">The key's range.</param>
/// <param name="Index">The log entry; 0 when it is not known yet (ack=leader answers before).</param>
/// <param name="Version">The key's new version; 0 when not known yet.</param>
/// <param name="Committed">False for ack=leader: it may still be lost.</param>
public sealed record PutResult(ulong Range, ulong Index, ulong Version, bool Committed = true);

/// <summary>How a delete went.</summary>
/// <param name="Deleted">Whether the key was there.</param>
/// <param name="Range">The key's range.</param>
/// <param name="Index">The log entry.</param>
public sealed record DeleteResult(bool Deleted, ulong Range, ulong Index);

/// <summary>A key's value as read.</summary>
/// <param name="Value">The bytes.</param>
/// <param name="Version">The key's version.</param>
/// <param name="Node">The node that served it.</param>
/// <param name="Range">The key's range.</param>
/// <param name="Index">The applied index of the state that was read.</param>
/// <param name="Staleness">How old that state may be; null when it can't be told.</param>
public sealed record Entry(
    ReadOnlyMemory<byte> Value, ulong Version, ulong? Node, ulong? Range, ulong? Index, TimeSpan? Staleness);

/// <summary>An item of a scan.</summary>
/// <param name="Key">The key.</param>
/// <param name="Value">The value; empty when only keys were asked for.</param>
/// <param name="Version">The key's version.</param>
/// <param name="Index">The log entry that last changed it.</param>
public sealed record ScanItem(ReadOnlyMemory<byte> Key, ReadOnlyMemory<byte> Value, ulong Version, ulong Index);

/// <summary>A replica's digest.</summary>
/// <param name="Index">The applied index it is of.</param>
/// <param name="Hash">Equal data, equal hash.</param>
/// <param name="Keys">Number of keys.</param>
public sealed record RangeDigest(ulong Index, string Hash, long Keys);

/// <summary>How a transaction went.</summary>
/// <param name="Succeeded">Whether the conditions held, and so which operations were done.</param>
/// <param name="Range">The range.</param>
/// <param name="Index">The log entry.</param>
/// <param name="Results">One per operation done, in order.</param>
public sealed record TxnResult(bool Succeeded, ulong Range, ulong Index, IReadOnlyList<TxnOperationResult> Results);

/// <summary>What one operation of a transaction did; what doesn't apply to it is null.</summary>
/// <param name="Version">put, get, increment: the key's version.</param>
/// <param name="Value">get: the value; increment: the new number.</param>
/// <param name="Deleted">delete: whether the key was there.</param>
/// <param name="Found">get: whether the key is there.</param>
public sealed record TxnOperationResult(ulong? Version, BinaryText? Value, bool? Deleted, bool? Found)
{
    /// <summary>delete_range: how many keys went.</summary>
    public long? Count { get; init; }

    /// <summary>delete_range: whether more keys are left.</summary>
    public bool? More { get; init; }
}

/// <summary>How an increment went.</summary>
/// <param name="Value">The sum.</param>
/// <param name="Version">The key's new version.</param>
/// <param name="Range">The key's range.</param>
/// <param name="Index">The log entry.</param>
public sealed record IncrementResult(long Value, ulong Version, ulong Range, ulong Index);

/// <summary>What to scan.</summary>
public sealed record ScanOptions
{
    /// <summary>The first key.</summary>
    public Bytes? Start { get; init; }

    /// <summary>The key before which to stop.</summary>
    public Bytes? End { get; init; }

    /// <summary>Only keys that begin so.</summary>
    public Bytes? Prefix { get; init; }

    /// <summary>At most so many items.</summary>
    public int? Limit { get; init; }

    /// <summary>Last key first.</summary>
    public bool Reverse { get; init; }

    /// <summary>Leave out the values.</summary>
    public bool KeysOnly { get; init; }

    /// <summary>Items asked for at once.</summary>
    public int PageSize { get; init; } = 1000;

    /// <summary>What the read promises.</summary>
    public ReadOptions Read { get; init; } = new();
}
