using System.Buffers.Binary;
using RaftDb.Raft;

namespace RaftDb.Storage.Binlog.Format;

/// <summary>The first block of a segment file, which holds two equal copies of the header so that one bad sector doesn't take it.
/// <code>
///  0 magic "RAFTDBLG" | 8 format version u32 | 12 data offset u32 | 16 cluster id | 32 node id u64 | 40 store id
/// 56 segment number u64 | 64 incarnation u64 | 72 capacity u64 | 80 zeros | 124 CRC-32C of bytes 0 to 123
/// </code></summary>
internal readonly record struct SegmentHeader(uint Version, BinlogIdentity Identity, uint Number, ulong Incarnation, long Capacity)
{
    public const int BlockSize = 4096;
    public const uint CurrentVersion = 1;
    private const int Size = 128;
    private const int SecondCopy = 2048;
    private static readonly byte[] Magic = "RAFTDBLG"u8.ToArray();

    /// <summary>A segment's incarnation follows from whose it is and its number, which no store uses twice; so it is known even when the header is lost,
    /// and records of the file's earlier life don't fit it.</summary>
    public static ulong IncarnationOf(in BinlogIdentity identity, uint number)
    {
        Span<byte> store = stackalloc byte[16];
        identity.Store.TryWriteBytes(store, bigEndian: true, out _);
        return ((ulong)Crc32C.Compute(store) << 32) | (Mutants.StaleRecordsFit ? 0 : number);
    }

    public static SegmentHeader For(in BinlogIdentity identity, uint number, long capacity) =>
        new(CurrentVersion, identity, number, IncarnationOf(identity, number), capacity);

    public byte[] Encode()
    {
        var block = new byte[BlockSize];
        Span<byte> at = block;
        Magic.CopyTo(at);
        BinaryPrimitives.WriteUInt32LittleEndian(at[8..], Version);
        BinaryPrimitives.WriteUInt32LittleEndian(at[12..], BlockSize);
        Identity.Cluster.TryWriteBytes(at[16..], bigEndian: true, out _);
        BinaryPrimitives.WriteUInt64LittleEndian(at[32..], Identity.Node.Value);
        Identity.Store.TryWriteBytes(at[40..], bigEndian: true, out _);
        BinaryPrimitives.WriteUInt64LittleEndian(at[56..], Number);
        BinaryPrimitives.WriteUInt64LittleEndian(at[64..], Incarnation);
        BinaryPrimitives.WriteUInt64LittleEndian(at[72..], (ulong)Capacity);
        BinaryPrimitives.WriteUInt32LittleEndian(at[124..], Crc32C.Compute(at[..124]));
        at[..Size].CopyTo(at[SecondCopy..]);
        return block;
    }

    /// <summary>Reads whichever copy is whole; <paramref name="damaged"/> when one of them is not.</summary>
    public static bool TryDecode(ReadOnlySpan<byte> block, out SegmentHeader header, out bool damaged)
    {
        bool first = TryDecodeCopy(block, out header);
        bool second = TryDecodeCopy(block.Length > SecondCopy ? block[SecondCopy..] : [], out SegmentHeader other);
        damaged = !first || !second;
        if (!first)
        {
            header = other;
        }

        return first || second;
    }

    private static bool TryDecodeCopy(ReadOnlySpan<byte> at, out SegmentHeader header)
    {
        header = default;
        if (at.Length < Size || !at.StartsWith(Magic) || Crc32C.Compute(at[..124]) != BinaryPrimitives.ReadUInt32LittleEndian(at[124..]))
        {
            return false;
        }

        header = new SegmentHeader(
            BinaryPrimitives.ReadUInt32LittleEndian(at[8..]),
            new BinlogIdentity(
                new Guid(at.Slice(16, 16), bigEndian: true),
                new NodeId(BinaryPrimitives.ReadUInt64LittleEndian(at[32..])),
                new Guid(at.Slice(40, 16), bigEndian: true)),
            (uint)BinaryPrimitives.ReadUInt64LittleEndian(at[56..]),
            BinaryPrimitives.ReadUInt64LittleEndian(at[64..]),
            (long)BinaryPrimitives.ReadUInt64LittleEndian(at[72..]));
        return true;
    }
}
