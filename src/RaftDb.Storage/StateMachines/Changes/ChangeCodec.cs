using RaftDb.Raft;
using RaftDb.Storage.StateMachines.Commands;

namespace RaftDb.Storage.StateMachines.Changes;

/// <summary>The changes of one entry as bytes: for each a kind, the key, and for one that put a value the version and the value.</summary>
internal static class ChangeCodec
{
    public const byte Put = 1;
    public const byte Deleted = 2;
    public const byte Expired = 3;

    /// <summary>Reads the changes, keys and values as slices.</summary>
    public static void Decode(LogIndex index, ReadOnlyMemory<byte> bytes, List<Change> changes)
    {
        var reader = new SpanReader(bytes.Span);
        for (uint ordinal = 0; reader.Remaining > 0; ordinal++)
        {
            byte kind = reader.Byte();
            Slice key = reader.Bytes();
            ulong version = kind == Put ? reader.Number() : 0;
            ReadOnlyMemory<byte>? value = null;
            if (kind == Put)
            {
                Slice slice = reader.Bytes();
                value = bytes.Slice(slice.Start, slice.Length);
            }

            changes.Add(new(index, ordinal, bytes.Slice(key.Start, key.Length), value, version, kind == Expired, reader.Remaining == 0));
        }
    }
}
