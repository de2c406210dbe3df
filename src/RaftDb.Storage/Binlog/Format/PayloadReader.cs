using System.Buffers.Binary;
using System.Text;

namespace RaftDb.Storage.Binlog.Format;

/// <summary>Reads what <see cref="PayloadWriter"/> wrote. A payload whose checksum holds and that still doesn't parse was written by a version
/// that we don't know: <see cref="StorageRefusedException"/>.</summary>
internal ref struct PayloadReader(ReadOnlySpan<byte> bytes)
{
    private ReadOnlySpan<byte> _rest = bytes;

    public readonly bool AtEnd => _rest.IsEmpty;

    public byte U8() => Take(1)[0];

    public uint U32() => BinaryPrimitives.ReadUInt32LittleEndian(Take(4));

    public ulong U64() => BinaryPrimitives.ReadUInt64LittleEndian(Take(8));

    /// <summary>A count of items of at least <paramref name="size"/> bytes each, so that a strange number can't ask for the world's memory.</summary>
    public int Count(int size)
    {
        uint count = U32();
        return count <= (uint)(_rest.Length / size) ? (int)count : throw Unreadable();
    }

    public byte[] Bytes()
    {
        int length = Count(1);
        return Take(length).ToArray();
    }

    public string Text() => Encoding.UTF8.GetString(Bytes());

    private ReadOnlySpan<byte> Take(int count)
    {
        if (count > _rest.Length)
        {
            throw Unreadable();
        }

        ReadOnlySpan<byte> taken = _rest[..count];
        _rest = _rest[count..];
        return taken;
    }

    private static StorageRefusedException Unreadable() =>
        new("The binlog holds a record that this version can't read. Start the version that wrote it, or a newer one.");
}
