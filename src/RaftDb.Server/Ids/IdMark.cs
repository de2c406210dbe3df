using System.Buffers.Binary;
using System.Numerics;
using RaftDb.Storage.Disk;

namespace RaftDb.Server.Ids;

/// <summary>The mark that all given ids are below, in a small file: 8 bytes of milliseconds and their checksum, replaced as a whole.</summary>
internal sealed class IdMark(IDisk disk)
{
    private const string Name = "ids";
    private const string NewName = "ids.new";
    private const int Size = 12;

    /// <summary>The mark; 0 when there is none. Throws <see cref="IOException"/>.</summary>
    public long Read()
    {
        if (!disk.Exists(Name))
        {
            return 0;
        }

        using IDiskFile file = disk.Open(Name, create: false);
        byte[] bytes = new byte[Size];
        if (file.Length != Size || file.Read(bytes, 0) != Size || BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(8)) != Checksum(bytes))
        {
            throw new IOException($"The file {Name} in the data directory is damaged, so that it is not known which ids were given.");
        }

        return BinaryPrimitives.ReadInt64LittleEndian(bytes);
    }

    /// <summary>Returns when the mark is on the disk. Throws <see cref="IOException"/>.</summary>
    public void Write(long mark)
    {
        byte[] bytes = new byte[Size];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, mark);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(8), Checksum(bytes));
        using (IDiskFile file = disk.Open(NewName, create: true))
        {
            file.SetLength(Size);
            file.Write([bytes], 0);
            file.Sync();
        }

        disk.Rename(NewName, Name);
        disk.SyncDirectory("");
    }

    private static uint Checksum(ReadOnlySpan<byte> bytes) => ~BitOperations.Crc32C(uint.MaxValue, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
}
