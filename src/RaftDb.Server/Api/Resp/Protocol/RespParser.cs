using System.Buffers.Text;
using RaftDb.Server.Options;

namespace RaftDb.Server.Api.Resp.Protocol;

/// <summary>Finds commands in a connection's bytes: arrays of bulk strings, or lines. It remembers how far it has come, so that a command that arrives in many pieces is
/// looked at once. One for each connection.</summary>
internal sealed class RespParser(RespSection limits)
{
    // A length line holds a number of at most 20 digits with its sign; everything longer is no number.
    private const int MaxNumberLine = 32;

    private readonly List<Argument> _arguments = [];
    private int _missing;
    private int _bulk = -1;
    private int _searched;

    /// <summary>The first byte that does not belong to a complete command.</summary>
    public int Consumed { get; private set; }

    /// <summary>The next byte to look at.</summary>
    public int Position { get; private set; }

    /// <summary>What is wrong with what came.</summary>
    public string? Problem { get; private set; }

    /// <summary>How many bytes must be there before another look can find a command; a hint.</summary>
    public int Wanted => _bulk >= 0 ? Position + _bulk + 2 : 0;

    /// <summary>Looks for the next command. Its arguments are added to the list. Lines with quoted words are changed in place.</summary>
    public ParseStatus Next(Span<byte> bytes, List<Argument> into)
    {
        while (true)
        {
            if (_missing == 0)
            {
                if (Position >= bytes.Length)
                {
                    return ParseStatus.Incomplete;
                }

                ParseStatus status = bytes[Position] == (byte)'*' ? ArrayHead(bytes) : Inline(bytes);
                if (status != ParseStatus.Command)
                {
                    return status;
                }

                if (_missing == 0)
                {
                    bool isEmpty = _arguments.Count == 0;
                    Finish(into);
                    if (isEmpty)
                    {
                        // An empty line or array: nothing is asked.
                        continue;
                    }

                    return ParseStatus.Command;
                }
            }

            while (_missing > 0)
            {
                ParseStatus status = Bulk(bytes);
                if (status != ParseStatus.Command)
                {
                    return status;
                }
            }

            Finish(into);
            return ParseStatus.Command;
        }
    }

    /// <summary>The bytes before <see cref="Consumed"/> are gone, and the others moved to the front.</summary>
    public void Shift()
    {
        for (int i = 0; i < _arguments.Count; i++)
        {
            _arguments[i] = _arguments[i] with { Start = _arguments[i].Start - Consumed };
        }

        Position -= Consumed;
        _searched = Math.Max(0, _searched - Consumed);
        Consumed = 0;
    }

    private void Finish(List<Argument> into)
    {
        into.AddRange(_arguments);
        _arguments.Clear();
        Consumed = Position;
    }

    private ParseStatus ArrayHead(ReadOnlySpan<byte> bytes)
    {
        ParseStatus status = Number(bytes, "multibulk", out long count);
        if (status != ParseStatus.Command)
        {
            return status;
        }

        if (count > limits.MaxArguments)
        {
            return Broken("invalid multibulk length");
        }

        _missing = (int)Math.Max(count, 0);
        return ParseStatus.Command;
    }

    private ParseStatus Bulk(ReadOnlySpan<byte> bytes)
    {
        if (_bulk < 0)
        {
            if (Position >= bytes.Length)
            {
                return ParseStatus.Incomplete;
            }

            if (bytes[Position] != (byte)'$')
            {
                byte got = bytes[Position];
                return Broken($"expected '$', got '{(got is >= 0x20 and < 0x7f ? (char)got : '?')}'");
            }

            ParseStatus status = Number(bytes, "bulk", out long length);
            if (status != ParseStatus.Command)
            {
                return status;
            }

            if (length < 0 || length > limits.MaxBulkBytes)
            {
                return Broken("invalid bulk length");
            }

            if (Position - Consumed + length > limits.MaxCommandBytes)
            {
                return Broken("too big request");
            }

            _bulk = (int)length;
        }

        if (bytes.Length - Position < _bulk + 2)
        {
            return ParseStatus.Incomplete;
        }

        if (bytes[Position + _bulk] != (byte)'\r' || bytes[Position + _bulk + 1] != (byte)'\n')
        {
            return Broken("expected CRLF after a bulk string");
        }

        _arguments.Add(new(Position, _bulk));
        Position += _bulk + 2;
        _bulk = -1;
        _missing--;
        return ParseStatus.Command;
    }

    /// <summary>Reads a line of a type byte and a number, and passes over it.</summary>
    private ParseStatus Number(ReadOnlySpan<byte> bytes, string what, out long number)
    {
        number = 0;
        ReadOnlySpan<byte> rest = bytes[(Position + 1)..];
        int end = rest[..Math.Min(rest.Length, MaxNumberLine)].IndexOf((byte)'\n');
        if (end < 0)
        {
            return rest.Length >= MaxNumberLine ? Broken($"too big {what} count string") : ParseStatus.Incomplete;
        }

        if (end < 2 || rest[end - 1] != (byte)'\r' || rest[0] == (byte)'+'
            || !Utf8Parser.TryParse(rest[..(end - 1)], out number, out int used) || used != end - 1)
        {
            return Broken($"invalid {what} length");
        }

        Position += 1 + end + 1;
        return ParseStatus.Command;
    }

    private ParseStatus Inline(Span<byte> bytes)
    {
        int from = Math.Max(Position, _searched);
        int end = bytes[from..].IndexOf((byte)'\n');
        if (end < 0)
        {
            _searched = bytes.Length;
            return bytes.Length - Position > limits.MaxInlineBytes ? Broken("too big inline request") : ParseStatus.Incomplete;
        }

        end += from;
        if (end - Position > limits.MaxInlineBytes)
        {
            return Broken("too big inline request");
        }

        int length = end - Position;
        if (length > 0 && bytes[end - 1] == (byte)'\r')
        {
            length--;
        }

        if (!InlineWords.TrySplit(bytes.Slice(Position, length), Position, _arguments))
        {
            return Broken("unbalanced quotes in request");
        }

        Position = end + 1;
        return ParseStatus.Command;
    }

    private ParseStatus Broken(string problem)
    {
        Problem = problem;
        return ParseStatus.Broken;
    }
}
