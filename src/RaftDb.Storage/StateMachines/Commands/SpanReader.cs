using System.Buffers.Binary;

namespace RaftDb.Storage.StateMachines.Commands;

/// <summary>A piece of the bytes being read.</summary>
internal readonly record struct Slice(int Start, int Length);

/// <summary>Reads what <see cref="SpanWriter"/> wrote. Throws <see cref="UnknownCommandException"/> rather than read past the end.</summary>
internal ref struct SpanReader(ReadOnlySpan<byte> source)
{
    private readonly ReadOnlySpan<byte> _source = source;

    /// <summary>Bytes read.</summary>
    public int Position { get; private set; }

    /// <summary>Bytes left.</summary>
    public readonly int Remaining => _source.Length - Position;

    public byte Byte()
    {
        Need(1);
        return _source[Position++];
    }

    public ulong Fixed64()
    {
        Need(sizeof(ulong));
        ulong value = BinaryPrimitives.ReadUInt64LittleEndian(_source[Position..]);
        Position += sizeof(ulong);
        return value;
    }

    public UInt128 Fixed128()
    {
        Need(2 * sizeof(ulong));
        UInt128 value = BinaryPrimitives.ReadUInt128BigEndian(_source[Position..]);
        Position += 2 * sizeof(ulong);
        return value;
    }

    public ulong Number()
    {
        ulong value = 0;
        for (int shift = 0; shift < 64; shift += 7)
        {
            byte next = Byte();
            if (shift == 63 && next > 1)
            {
                break;
            }

            value |= (ulong)(next & 0x7f) << shift;
            if (next < 0x80)
            {
                return value;
            }
        }

        throw new UnknownCommandException($"A number before byte {Position} is longer than 64 bits.");
    }

    public long Signed()
    {
        ulong value = Number();
        return (long)(value >> 1) ^ -(long)(value & 1);
    }

    /// <summary>A count of things of which each takes at least one byte, so that damage can't ask for gigabytes.</summary>
    public int Count()
    {
        ulong count = Number();
        if (count > (ulong)Remaining)
        {
            throw new UnknownCommandException($"A count of {count} before byte {Position} is more than the {Remaining} bytes that follow.");
        }

        return (int)count;
    }

    public Slice Bytes()
    {
        int length = Count();
        var slice = new Slice(Position, length);
        Position += length;
        return slice;
    }

    /// <summary>The bytes of a slice.</summary>
    public readonly ReadOnlySpan<byte> this[Slice slice] => _source.Slice(slice.Start, slice.Length);

    /// <summary>Passes over bytes.</summary>
    public void Skip(int bytes)
    {
        Need(bytes);
        Position += bytes;
    }

    /// <summary>Nothing may follow.</summary>
    public readonly void End()
    {
        if (Remaining != 0)
        {
            throw new UnknownCommandException($"{Remaining} bytes follow the end at byte {Position}.");
        }
    }

    private readonly void Need(int bytes)
    {
        if (Remaining < bytes)
        {
            throw new UnknownCommandException($"{bytes} bytes are needed at byte {Position} and {Remaining} are left.");
        }
    }
}
