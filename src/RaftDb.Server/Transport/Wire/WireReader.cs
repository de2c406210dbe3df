using System.Buffers.Binary;
using System.Text;

namespace RaftDb.Server.Transport.Wire;

/// <summary>Reads what <see cref="WireWriter"/> wrote, and nothing else: every length is checked against what is there, every value has
/// one encoding. Anything wrong is a <see cref="ProtocolViolationException"/>.</summary>
internal ref struct WireReader(ReadOnlySpan<byte> bytes)
{
    private static readonly UTF8Encoding StrictUtf8 = new(false, throwOnInvalidBytes: true);

    private ReadOnlySpan<byte> _rest = bytes;

    /// <summary>Bytes not yet read.</summary>
    public readonly int Remaining => _rest.Length;

    public byte Byte()
    {
        Need(1);
        var value = _rest[0];
        _rest = _rest[1..];
        return value;
    }

    public ushort UInt16() => BinaryPrimitives.ReadUInt16LittleEndian(Raw(sizeof(ushort)));

    public ulong UInt64() => BinaryPrimitives.ReadUInt64LittleEndian(Raw(sizeof(ulong)));

    public ulong Varint()
    {
        ulong value = 0;
        for (var shift = 0; ; shift += 7)
        {
            var b = Byte();
            Require(shift < 63 || b <= 1, "an integer is larger than 64 bits");
            value |= (ulong)(b & 0x7F) << shift;
            if (b < 0x80)
            {
                Require(b != 0 || shift == 0, "an integer is longer than it must be");
                return value;
            }
        }
    }

    /// <summary>A count of items of at least so many bytes each: never more than can be there, so that it is safe to allocate by it.</summary>
    public int Count(int bytesPerItem)
    {
        var count = Varint();
        Require(count <= (ulong)(_rest.Length / bytesPerItem), "a count is larger than the frame can hold");
        return (int)count;
    }

    /// <summary>Bytes without a length.</summary>
    public ReadOnlySpan<byte> Raw(int length)
    {
        Need(length);
        var value = _rest[..length];
        _rest = _rest[length..];
        return value;
    }

    /// <summary>Bytes after their length.</summary>
    public ReadOnlySpan<byte> Bytes() => Raw(Count(bytesPerItem: 1));

    /// <summary>UTF-8 after its length.</summary>
    public string Text(int maxBytes)
    {
        var bytes = Bytes();
        Require(bytes.Length <= maxBytes, "a text is too long");
        try
        {
            return StrictUtf8.GetString(bytes);
        }
        catch (ArgumentException fault)
        {
            throw new ProtocolViolationException("A text is not UTF-8.", fault);
        }
    }

    public Guid Guid() => new(Raw(16));

    /// <summary>A byte of flags of which only the lowest <paramref name="known"/> may be set.</summary>
    public byte Flags(int known)
    {
        var flags = Byte();
        Require(flags >> known == 0, "unknown flags are set");
        return flags;
    }

    /// <summary>Everything must have been read.</summary>
    public readonly void End() => Require(_rest.IsEmpty, "bytes follow the end of a frame's content");

    /// <summary>A rule of the protocol.</summary>
    public static void Require(bool holds, string fault)
    {
        if (!holds)
        {
            throw new ProtocolViolationException($"Malformed frame: {fault}.");
        }
    }

    private readonly void Need(int bytes) => Require(_rest.Length >= bytes, "it ends too early");
}
