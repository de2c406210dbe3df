namespace RaftDb.Storage.StateMachines.Commands;

/// <summary>What an operation does.</summary>
public enum OperationKind : byte
{
    /// <summary>Sets the value; an earlier TTL is replaced (by none, without one).</summary>
    Put = 1,

    /// <summary>Removes the key if it is there.</summary>
    Delete = 2,

    /// <summary>Removes keys in [Key, End), at most <see cref="Operation.Number"/>; the result tells whether more are left.</summary>
    DeleteRange = 3,

    /// <summary>Adds <see cref="Operation.Number"/> to a decimal 64-bit integer (absent = 0) and keeps the TTL; not a number or an overflow is rejected.</summary>
    Increment = 4,

    /// <summary>Reads the key within the transaction.</summary>
    Get = 5,

    /// <summary>Adds bytes behind the value (absent = empty) and keeps the TTL; a value over <see cref="Operation.Number"/> bytes is rejected.</summary>
    Append = 6,

    /// <summary>Sets the value and keeps an earlier TTL.</summary>
    Overwrite = 7,

    /// <summary>Gives a key that is there another TTL, or none.</summary>
    Expire = 8,
}

/// <summary>One operation.</summary>
/// <param name="Kind">What it does.</param>
/// <param name="Key">The key, or the start of a range.</param>
/// <param name="Value">The value to put, or what to append.</param>
/// <param name="End">The end of a range, exclusive; empty = unbounded.</param>
/// <param name="Number">The increment, the limit of a delete-range, or the most bytes that an append may make.</param>
/// <param name="TtlMilliseconds">How long the key lives, counted from the command's time; 0 = for ever.</param>
public readonly record struct Operation(
    OperationKind Kind, ReadOnlyMemory<byte> Key, ReadOnlyMemory<byte> Value, ReadOnlyMemory<byte> End, long Number, long TtlMilliseconds)
{
    /// <summary>A put.</summary>
    public static Operation Put(ReadOnlyMemory<byte> key, ReadOnlyMemory<byte> value, long ttlMilliseconds = 0) =>
        new(OperationKind.Put, key, value, default, 0, ttlMilliseconds);

    /// <summary>A delete.</summary>
    public static Operation Delete(ReadOnlyMemory<byte> key) => new(OperationKind.Delete, key, default, default, 0, 0);

    /// <summary>A bounded delete of a range.</summary>
    public static Operation DeleteRange(ReadOnlyMemory<byte> start, ReadOnlyMemory<byte> end, int limit) =>
        new(OperationKind.DeleteRange, start, default, end, limit, 0);

    /// <summary>An increment.</summary>
    public static Operation Increment(ReadOnlyMemory<byte> key, long by) => new(OperationKind.Increment, key, default, default, by, 0);

    /// <summary>An append.</summary>
    public static Operation Append(ReadOnlyMemory<byte> key, ReadOnlyMemory<byte> value, int maxBytes) =>
        new(OperationKind.Append, key, value, default, maxBytes, 0);

    /// <summary>A put that keeps the TTL.</summary>
    public static Operation Overwrite(ReadOnlyMemory<byte> key, ReadOnlyMemory<byte> value) => new(OperationKind.Overwrite, key, value, default, 0, 0);

    /// <summary>Another TTL; 0 = for ever.</summary>
    public static Operation Expire(ReadOnlyMemory<byte> key, long ttlMilliseconds) => new(OperationKind.Expire, key, default, default, 0, ttlMilliseconds);

    /// <summary>A read.</summary>
    public static Operation Get(ReadOnlyMemory<byte> key) => new(OperationKind.Get, key, default, default, 0, 0);
}
