using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace RaftDb.Server.Transport.Wire;

/// <summary>Writes frames one after the other into one pooled buffer that grows. Integers are little-endian, or variable-length
/// (seven bits a byte, lowest first) where small values are the rule. Owned by one thread at a time.</summary>
internal sealed class WireWriter(int capacity = 4096) : IDisposable
{
    /// <summary>Length (of kind and payload), CRC-32C (of the same), kind.</summary>
    public const int FrameHeaderBytes = 9;

    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(capacity);

    /// <summary>Bytes written so far.</summary>
    public int Length { get; private set; }

    /// <summary>What was written; valid until the next write or reset.</summary>
    public ReadOnlyMemory<byte> Written => _buffer.AsMemory(0, Length);

    /// <summary>Starts over; a buffer that grew beyond <paramref name="keep"/> is given back.</summary>
    public void Reset(int keep = int.MaxValue)
    {
        Length = 0;
        if (_buffer.Length > keep)
        {
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = ArrayPool<byte>.Shared.Rent(capacity);
        }
    }

    /// <summary>Drops what was written after a position.</summary>
    public void Rewind(int length) => Length = length;

    /// <summary>Begins a frame; what is written until <see cref="EndFrame"/> is its payload.</summary>
    public int BeginFrame(FrameKind kind)
    {
        var start = Length;
        Reserve(FrameHeaderBytes);
        _buffer[start + 8] = (byte)kind;
        Length += FrameHeaderBytes;
        return start;
    }

    /// <summary>Completes the frame begun at <paramref name="start"/>.</summary>
    public void EndFrame(int start)
    {
        var covered = _buffer.AsSpan(start + 8, Length - start - 8);
        BinaryPrimitives.WriteUInt32LittleEndian(_buffer.AsSpan(start), (uint)covered.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(_buffer.AsSpan(start + 4), Crc32C.Of(covered));
    }

    /// <summary>A frame without payload.</summary>
    public void EmptyFrame(FrameKind kind) => EndFrame(BeginFrame(kind));

    public void Byte(byte value)
    {
        Reserve(1);
        _buffer[Length++] = value;
    }

    public void UInt64(ulong value)
    {
        Reserve(sizeof(ulong));
        BinaryPrimitives.WriteUInt64LittleEndian(_buffer.AsSpan(Length), value);
        Length += sizeof(ulong);
    }

    public void UInt16(ushort value)
    {
        Reserve(sizeof(ushort));
        BinaryPrimitives.WriteUInt16LittleEndian(_buffer.AsSpan(Length), value);
        Length += sizeof(ushort);
    }

    public void Varint(ulong value)
    {
        Reserve(10);
        while (value >= 0x80)
        {
            _buffer[Length++] = (byte)(value | 0x80);
            value >>= 7;
        }

        _buffer[Length++] = (byte)value;
    }

    /// <summary>Bytes without a length.</summary>
    public void Raw(ReadOnlySpan<byte> bytes)
    {
        Reserve(bytes.Length);
        bytes.CopyTo(_buffer.AsSpan(Length));
        Length += bytes.Length;
    }

    /// <summary>Bytes after their length.</summary>
    public void Bytes(ReadOnlySpan<byte> bytes)
    {
        Varint((ulong)bytes.Length);
        Raw(bytes);
    }

    /// <summary>UTF-8 after its length.</summary>
    public void Text(string text) => Bytes(Encoding.UTF8.GetBytes(text));

    public void Guid(Guid value)
    {
        Reserve(16);
        value.TryWriteBytes(_buffer.AsSpan(Length));
        Length += 16;
    }

    /// <summary>Room for data that the caller fills in, in place.</summary>
    public Span<byte> Room(int bytes)
    {
        Reserve(bytes);
        return _buffer.AsSpan(Length, bytes);
    }

    /// <summary>Takes over bytes that were written into <see cref="Room"/>.</summary>
    public void Advance(int bytes) => Length += bytes;

    public void Dispose()
    {
        if (_buffer.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = [];
        }
    }

    private void Reserve(int bytes)
    {
        if (_buffer.Length - Length >= bytes)
        {
            return;
        }

        var larger = ArrayPool<byte>.Shared.Rent((int)Math.Max(Math.Min(2L * _buffer.Length, Array.MaxLength), (long)Length + bytes));
        _buffer.AsSpan(0, Length).CopyTo(larger);
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = larger;
    }
}
