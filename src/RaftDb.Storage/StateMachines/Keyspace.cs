namespace RaftDb.Storage.StateMachines;

/// <summary>The first byte of every key in a state file, so that kinds of rows can differ and each kind is one contiguous piece.</summary>
internal static class Keyspace
{
    private const byte Meta = 0x10;
    private const byte KeyValue = 0x20;

    /// <summary>The byte for a range's kind.</summary>
    public static byte Of(RangeKind kind) => kind switch
    {
        RangeKind.Meta => Meta,
        RangeKind.KeyValue => KeyValue,
        _ => throw new StorageRefusedException($"Ranges of kind {(byte)kind} are not known here: this node needs a newer version."),
    };
}
