using System.Buffers.Binary;

namespace RaftDb.Storage.StateMachines.Commands;

/// <summary>Writes numbers and bytes into a span that was measured beforehand. Numbers of variable length are LEB128; signed ones zigzag.</summary>
internal ref struct SpanWriter(Span<byte> destination)
{
    private readonly Span<byte> _destination = destination;

    /// <summary>Bytes written.</summary>
    public int Position { get; private set; }

    public void Byte(byte value) => _destination[Position++] = value;

    public void Fixed64(ulong value)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(_destination[Position..], value);
        Position += sizeof(ulong);
    }

    /// <summary>Big-endian, as an id's text.</summary>
    public void Fixed128(UInt128 value)
    {
        BinaryPrimitives.WriteUInt128BigEndian(_destination[Position..], value);
        Position += 2 * sizeof(ulong);
    }

    public void Number(ulong value)
    {
        while (value >= 0x80)
        {
            _destination[Position++] = (byte)(value | 0x80);
            value >>= 7;
        }

        _destination[Position++] = (byte)value;
    }

    public void Signed(long value) => Number(ZigZag(value));

    public void Bytes(ReadOnlySpan<byte> value)
    {
        Number((ulong)value.Length);
        value.CopyTo(_destination[Position..]);
        Position += value.Length;
    }

    public static int Measure(ulong value) => value == 0 ? 1 : (70 - System.Numerics.BitOperations.LeadingZeroCount(value)) / 7;

    public static int MeasureSigned(long value) => Measure(ZigZag(value));

    public static int MeasureBytes(int length) => Measure((ulong)length) + length;

    private static ulong ZigZag(long value) => (ulong)((value << 1) ^ (value >> 63));
}
