using System.Buffers;
using System.Buffers.Binary;

namespace RaftDb.Server.Transport.Wire;

/// <summary>A frame; the payload is valid until the next one is read.</summary>
internal readonly record struct Frame(FrameKind Kind, ReadOnlyMemory<byte> Payload);

/// <summary>Cuts a stream into frames and verifies their checksums. The buffer never grows beyond twice what has arrived, whatever a
/// header claims. Owned by one reading task.</summary>
internal sealed class FrameReader(Stream stream, int maxFrameBytes) : IDisposable
{
    private const int InitialBytes = 64 << 10;
    private const int PrefixBytes = 8;

    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(InitialBytes);
    private int _start;
    private int _end;

    /// <summary>The longest frame that is taken.</summary>
    public int MaxFrameBytes { get; set; } = maxFrameBytes;

    /// <summary>Called with the number of bytes after each read from the stream.</summary>
    public Action<int>? OnReceived { get; set; }

    /// <summary>The next frame, or null when the stream ended between two frames.</summary>
    public async ValueTask<Frame?> ReadAsync(CancellationToken cancel)
    {
        if (!await FillAsync(PrefixBytes, cancel))
        {
            return null;
        }

        var length = BinaryPrimitives.ReadUInt32LittleEndian(_buffer.AsSpan(_start));
        var crc = BinaryPrimitives.ReadUInt32LittleEndian(_buffer.AsSpan(_start + 4));
        if (length < 1 || length > MaxFrameBytes)
        {
            throw new ProtocolViolationException($"A frame of {length} bytes was announced; 1 to {MaxFrameBytes} are allowed.");
        }

        var total = PrefixBytes + (int)length;
        if (!await FillAsync(total, cancel))
        {
            throw new EndOfStreamException("The connection ended within a frame.");
        }

        var covered = _buffer.AsMemory(_start + PrefixBytes, (int)length);
        if (Crc32C.Of(covered.Span) != crc)
        {
            throw new ProtocolViolationException($"A frame of {length} bytes does not have the checksum it names.");
        }

        _start += total;
        return new Frame((FrameKind)covered.Span[0], covered[1..]);
    }

    /// <summary>Reads exactly so many bytes that stand outside any frame.</summary>
    public async ValueTask<byte[]> ReadRawAsync(int bytes, CancellationToken cancel)
    {
        if (!await FillAsync(bytes, cancel))
        {
            throw new NothingSaidException();
        }

        var raw = _buffer.AsSpan(_start, bytes).ToArray();
        _start += bytes;
        return raw;
    }

    public void Dispose()
    {
        if (_buffer.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = [];
        }
    }

    /// <summary>Waits until so many bytes are buffered; false when the stream ended before the first of them.</summary>
    private async ValueTask<bool> FillAsync(int bytes, CancellationToken cancel)
    {
        while (_end - _start < bytes)
        {
            MakeRoom(bytes);
            var read = await stream.ReadAsync(_buffer.AsMemory(_end), cancel);
            if (read == 0)
            {
                return _end == _start ? false : throw new EndOfStreamException("The connection ended within a frame.");
            }

            _end += read;
            OnReceived?.Invoke(read);
        }

        return true;
    }

    private void MakeRoom(int bytes)
    {
        if (_start == _end)
        {
            _start = _end = 0;
            if (_buffer.Length > 4 * InitialBytes && bytes <= InitialBytes)
            {
                Replace(InitialBytes);
            }
        }

        if (_start + bytes <= _buffer.Length)
        {
            return;
        }

        if (_start > 0)
        {
            _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
            (_start, _end) = (0, _end - _start);
        }

        if (_end == _buffer.Length)
        {
            Replace((int)Math.Min(bytes, 2L * _buffer.Length));
        }
    }

    private void Replace(int size)
    {
        var next = ArrayPool<byte>.Shared.Rent(size);
        _buffer.AsSpan(_start, _end - _start).CopyTo(next);
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = next;
        (_start, _end) = (0, _end - _start);
    }
}
