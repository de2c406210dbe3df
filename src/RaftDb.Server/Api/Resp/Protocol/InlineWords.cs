namespace RaftDb.Server.Api.Resp.Protocol;

/// <summary>Splits a line into words as Redis does: by blanks; within double quotes \n, \r, \t, \b, \a, \xHH and \ before anything else; within single quotes \' alone.</summary>
internal static class InlineWords
{
    /// <summary>Adds the words of a line that starts at a place in the connection's bytes. Quoted words are written over what they were made of, which is never shorter.
    /// False when a quote is not closed, or is closed within a word.</summary>
    public static bool TrySplit(Span<byte> line, int start, List<Argument> words)
    {
        int at = 0;
        while (true)
        {
            while (at < line.Length && IsBlank(line[at]))
            {
                at++;
            }

            if (at == line.Length)
            {
                return true;
            }

            int first = at;
            int to = at;
            while (at < line.Length && !IsBlank(line[at]))
            {
                byte next = line[at++];
                if (next is not ((byte)'"' or (byte)'\''))
                {
                    line[to++] = next;
                }
                else if (!TryQuoted(line, next, ref at, ref to))
                {
                    return false;
                }
            }

            words.Add(new(start + first, to - first));
        }
    }

    private static bool TryQuoted(Span<byte> line, byte quote, ref int at, ref int to)
    {
        while (at < line.Length)
        {
            byte next = line[at++];
            if (next == quote)
            {
                return at == line.Length || IsBlank(line[at]);
            }

            if (next == (byte)'\\' && at < line.Length)
            {
                if (quote == (byte)'\'')
                {
                    if (line[at] == quote)
                    {
                        next = line[at++];
                    }
                }
                else
                {
                    next = Escaped(line, ref at);
                }
            }

            line[to++] = next;
        }

        return false;
    }

    private static byte Escaped(ReadOnlySpan<byte> line, ref int at)
    {
        if (line[at] == (byte)'x' && line.Length - at > 2 && char.IsAsciiHexDigit((char)line[at + 1]) && char.IsAsciiHexDigit((char)line[at + 2]))
        {
            int value = (HexDigit(line[at + 1]) << 4) | HexDigit(line[at + 2]);
            at += 3;
            return (byte)value;
        }

        byte escaped = line[at++];
        return escaped switch
        {
            (byte)'n' => (byte)'\n',
            (byte)'r' => (byte)'\r',
            (byte)'t' => (byte)'\t',
            (byte)'b' => (byte)'\b',
            (byte)'a' => (byte)'\a',
            _ => escaped,
        };
    }

    private static int HexDigit(byte digit) => digit <= (byte)'9' ? digit - '0' : (digit | 0x20) - 'a' + 10;

    private static bool IsBlank(byte value) => value is (byte)' ' or (byte)'\t' or (byte)'\v' or (byte)'\f' or (byte)'\r' or (byte)'\n' or 0;
}
