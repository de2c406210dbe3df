using System.Buffers;
using System.Buffers.Text;
using System.Text;

namespace RaftDb.Client.Resp;

/// <summary>A command as bytes: an array of bulk strings in a pooled buffer. Its head, which counts the arguments, is written last, in front of them.</summary>
internal sealed class RespRequest : IDisposable
{
    // Room for '*', a count and the end of the line.
    private const int HeadRoom = 16;
    private const int LongestNumber = 24;

    private byte[] _buffer;
    private int _start = HeadRoom;
    private int _end = HeadRoom;
    private int _arguments;

    public RespRequest(ReadOnlySpan<byte> name, int sizeHint)
    {
        _buffer = ArrayPool<byte>.Shared.Rent(HeadRoom + name.Length + sizeHint + 256);
        Add(name);
    }

    /// <summary>The finished command.</summary>
    public ReadOnlySpan<byte> Bytes => _buffer.AsSpan(_start, _end - _start);

    public RespRequest Add(ReadOnlySpan<byte> argument)
    {
        Head((byte)'$', argument.Length, argument.Length + 2);
        argument.CopyTo(_buffer.AsSpan(_end));
        _end += argument.Length;
        _buffer[_end++] = (byte)'\r';
        _buffer[_end++] = (byte)'\n';
        _arguments++;
        return this;
    }

    public RespRequest Add(string text) => Add(Encoding.UTF8.GetBytes(text));

    public RespRequest Add(long number)
    {
        Span<byte> digits = stackalloc byte[LongestNumber];
        Utf8Formatter.TryFormat(number, digits, out int length);
        return Add(digits[..length]);
    }

    /// <summary>Writes the head: nothing may be added afterwards.</summary>
    public RespRequest Finish()
    {
        Span<byte> head = stackalloc byte[HeadRoom];
        head[0] = (byte)'*';
        Utf8Formatter.TryFormat(_arguments, head[1..], out int digits);
        head[digits + 1] = (byte)'\r';
        head[digits + 2] = (byte)'\n';
        _start = HeadRoom - digits - 3;
        head[..(digits + 3)].CopyTo(_buffer.AsSpan(_start));
        return this;
    }

    public void Dispose()
    {
        byte[] buffer = _buffer;
        _buffer = [];
        _start = _end = 0;
        if (buffer.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private void Head(byte type, int length, int more)
    {
        int needed = _end + LongestNumber + more;
        if (needed > _buffer.Length)
        {
            byte[] larger = ArrayPool<byte>.Shared.Rent(Math.Max(needed, 2 * _buffer.Length));
            _buffer.AsSpan(0, _end).CopyTo(larger);
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = larger;
        }

        _buffer[_end] = type;
        Utf8Formatter.TryFormat(length, _buffer.AsSpan(_end + 1), out int digits);
        _end += digits + 1;
        _buffer[_end++] = (byte)'\r';
        _buffer[_end++] = (byte)'\n';
    }
}
