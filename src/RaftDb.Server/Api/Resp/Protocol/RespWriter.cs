using System.Buffers.Text;
using System.IO.Pipelines;
using System.Text;

namespace RaftDb.Server.Api.Resp.Protocol;

/// <summary>Writes answers, in version 2 of the protocol or 3. Nothing leaves before <see cref="FlushAsync"/>. One for each connection.</summary>
internal sealed class RespWriter(PipeWriter output)
{
    private const int LargeEnough = 16 << 10;
    private const int LongestNumber = 24;

    private Memory<byte> _memory;
    private int _used;
    private long _unflushed;

    /// <summary>2 or 3.</summary>
    public int Version { get; set; } = 2;

    /// <summary>Whether so much has been written that it should leave before more is.</summary>
    public bool IsLarge => _unflushed + _used >= LargeEnough;

    /// <summary>Sends what was written; false when the connection is gone. Waits while the client does not read.</summary>
    public async ValueTask<bool> FlushAsync()
    {
        Commit();
        if (_unflushed == 0)
        {
            return true;
        }

        _unflushed = 0;
        FlushResult result = await output.FlushAsync().ConfigureAwait(false);
        return !result.IsCompleted && !result.IsCanceled;
    }

    public void Ok() => Raw("+OK\r\n"u8);

    /// <summary>A short text without line ends.</summary>
    public void Simple(ReadOnlySpan<byte> text)
    {
        Raw("+"u8);
        Raw(text);
        Raw("\r\n"u8);
    }

    /// <summary>An error: its kind in capitals, a blank, and words for people.</summary>
    public void Error(string text)
    {
        Raw("-"u8);
        Raw(Encoding.UTF8.GetBytes(text.ReplaceLineEndings(" ")));
        Raw("\r\n"u8);
    }

    public void Integer(long number) => Number((byte)':', number);

    public void Bulk(ReadOnlySpan<byte> bytes)
    {
        Number((byte)'$', bytes.Length);
        Raw(bytes);
        Raw("\r\n"u8);
    }

    public void Bulk(string text) => Bulk(Encoding.UTF8.GetBytes(text));

    public void Null() => Raw(Version >= 3 ? "_\r\n"u8 : "$-1\r\n"u8);

    /// <summary>Null where an array could have been.</summary>
    public void NullArray() => Raw(Version >= 3 ? "_\r\n"u8 : "*-1\r\n"u8);

    /// <summary>The head of an array; its items follow.</summary>
    public void Array(int count) => Number((byte)'*', count);

    /// <summary>The head of a map; a key and a value for each pair follow.</summary>
    public void Map(int pairs) => Number(Version >= 3 ? (byte)'%' : (byte)'*', Version >= 3 ? pairs : 2L * pairs);

    /// <summary>Text for people, of several lines.</summary>
    public void Text(string text)
    {
        if (Version < 3)
        {
            Bulk(text);
            return;
        }

        byte[] bytes = Encoding.UTF8.GetBytes(text);
        Number((byte)'=', bytes.Length + 4);
        Raw("txt:"u8);
        Raw(bytes);
        Raw("\r\n"u8);
    }

    private void Number(byte type, long number)
    {
        Span<byte> span = Room(LongestNumber);
        span[0] = type;
        Utf8Formatter.TryFormat(number, span[1..], out int digits);
        span[digits + 1] = (byte)'\r';
        span[digits + 2] = (byte)'\n';
        _used += digits + 3;
    }

    private void Raw(ReadOnlySpan<byte> bytes)
    {
        while (bytes.Length > _memory.Length - _used)
        {
            int fits = _memory.Length - _used;
            bytes[..fits].CopyTo(_memory.Span[_used..]);
            _used += fits;
            bytes = bytes[fits..];
            Commit();
            _memory = output.GetMemory(LongestNumber);
        }

        bytes.CopyTo(_memory.Span[_used..]);
        _used += bytes.Length;
    }

    private Span<byte> Room(int bytes)
    {
        if (_memory.Length - _used < bytes)
        {
            Commit();
            _memory = output.GetMemory(bytes);
        }

        return _memory.Span[_used..];
    }

    private void Commit()
    {
        if (_used > 0)
        {
            output.Advance(_used);
            _unflushed += _used;
            _used = 0;
        }

        _memory = default;
    }
}
