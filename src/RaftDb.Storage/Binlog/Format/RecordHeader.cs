using System.Buffers.Binary;
using System.Numerics;

namespace RaftDb.Storage.Binlog.Format;

/// <summary>The 48 bytes in front of every record's payload; records start at multiples of 8. Both checksums start from a seed of the segment's
/// incarnation and the record's offset, so that neither a stale record of a recycled file nor a misdirected one is ever taken for one that belongs there.
/// <code>
///  0 payload length u32 | 4 type u8 | 5 kind u8 | 6 term step u16 | 8 range u64 | 16 replica u64 | 24 term u64 | 32 index u64
/// 40 CRC-32C of bytes 0 to 39 u32 | 44 CRC-32C of bytes 0 to 39 and the payload u32 | 48 payload, padded with zeros to a multiple of 8
/// </code>All numbers are little-endian. <see cref="Step"/> of an entry is its term less the previous entry's (capped), so that a lost overwrite shows.</summary>
internal readonly record struct RecordHeader(
    RecordType Type, byte Kind, ushort Step, int Length, ulong Range, ulong Replica, ulong Term, ulong Index)
{
    public const int Size = 48;
    public const int Alignment = 8;
    public const ushort LargestStep = ushort.MaxValue;
    private const int CheckedBytes = 40;

    /// <summary>Bytes on disk, header and padding included.</summary>
    public int TotalSize => SizeFor(Length);

    /// <summary>Of a batch the payload is the records that follow, which carry checksums of their own.</summary>
    private bool ChecksPayload => Type != RecordType.Batch;

    public static int SizeFor(int payloadLength) => checked(Size + ((payloadLength + Alignment - 1) & -Alignment));

    public static ushort StepOf(ulong term, ulong previousTerm) => (ushort)Math.Min(term - previousTerm, LargestStep);

    public static uint Seed(ulong incarnation, uint offset) =>
        BitOperations.Crc32C(BitOperations.Crc32C(Crc32C.Start, incarnation), offset);

    /// <summary>Writes header and checksums; the payload itself is the caller's to place.</summary>
    public void Write(Span<byte> at, uint seed, ReadOnlySpan<byte> payload)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(at, (uint)Length);
        at[4] = (byte)Type;
        at[5] = Kind;
        BinaryPrimitives.WriteUInt16LittleEndian(at[6..], Step);
        BinaryPrimitives.WriteUInt64LittleEndian(at[8..], Range);
        BinaryPrimitives.WriteUInt64LittleEndian(at[16..], Replica);
        BinaryPrimitives.WriteUInt64LittleEndian(at[24..], Term);
        BinaryPrimitives.WriteUInt64LittleEndian(at[32..], Index);
        uint state = Crc32C.Append(seed, at[..CheckedBytes]);
        BinaryPrimitives.WriteUInt32LittleEndian(at[40..], ~state);
        BinaryPrimitives.WriteUInt32LittleEndian(at[44..], ~(ChecksPayload ? Crc32C.Append(state, payload) : state));
    }

    /// <summary>Reads a header if a valid one stands at the start of <paramref name="at"/>; says nothing of the payload.</summary>
    public static bool TryRead(ReadOnlySpan<byte> at, ulong incarnation, uint offset, out RecordHeader header)
    {
        header = default;
        return at.Length >= Size && BinaryPrimitives.ReadUInt32LittleEndian(at) <= at.Length - Size &&
            TryReadHeaderOnly(at, incarnation, offset, out header);
    }

    /// <summary>As <see cref="TryRead"/>, where the payload is not at hand.</summary>
    public static bool TryReadHeaderOnly(ReadOnlySpan<byte> at, ulong incarnation, uint offset, out RecordHeader header)
    {
        header = default;
        uint length = BinaryPrimitives.ReadUInt32LittleEndian(at);
        if (at[4] is < (byte)RecordType.Batch or > (byte)RecordType.RelocatedEntry || length > int.MaxValue - Size ||
            ~Crc32C.Append(Seed(incarnation, offset), at[..CheckedBytes]) != BinaryPrimitives.ReadUInt32LittleEndian(at[40..]))
        {
            return false;
        }

        header = Decode(at);
        return true;
    }

    /// <summary>Reads a header that is known to be whole.</summary>
    public static RecordHeader Decode(ReadOnlySpan<byte> at) => new(
        (RecordType)at[4], at[5], BinaryPrimitives.ReadUInt16LittleEndian(at[6..]), BinaryPrimitives.ReadInt32LittleEndian(at),
        BinaryPrimitives.ReadUInt64LittleEndian(at[8..]), BinaryPrimitives.ReadUInt64LittleEndian(at[16..]),
        BinaryPrimitives.ReadUInt64LittleEndian(at[24..]), BinaryPrimitives.ReadUInt64LittleEndian(at[32..]));

    /// <summary>Whether the second checksum holds; the first one must have.</summary>
    public bool PayloadIsValid(ReadOnlySpan<byte> at)
    {
        uint state = ~BinaryPrimitives.ReadUInt32LittleEndian(at[40..]);
        uint expected = ~BinaryPrimitives.ReadUInt32LittleEndian(at[44..]);
        return (ChecksPayload ? Crc32C.Append(state, at.Slice(Size, Length)) : state) == expected;
    }
}
