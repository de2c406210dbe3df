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
}

/// <summary>One operation.</summary>
/// <param name="Kind">What it does.</param>
/// <param name="Key">The key, or the start of a range.</param>
/// <param name="Value">The value to put.</param>
/// <param name="End">The end of a range, exclusive; empty = unbounded.</param>
/// <param name="Number">The increment, or the limit of a delete-range.</param>
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

    /// <summary>A read.</summary>
    public static Operation Get(ReadOnlyMemory<byte> key) => new(OperationKind.Get, key, default, default, 0, 0);
}
