namespace RaftDb.Server.Api.Resp.Commands;

/// <summary>A pattern of Redis's: * for any bytes, ? for one, [a-z] for one of these, [^a] for one that is not, \ before what stands for itself.</summary>
internal readonly struct GlobPattern(ReadOnlyMemory<byte> pattern)
{
    /// <summary>Whether everything matches.</summary>
    public bool IsAll => pattern.Span.SequenceEqual("*"u8);

    /// <summary>What every key that matches begins with.</summary>
    public byte[] Prefix()
    {
        ReadOnlySpan<byte> span = pattern.Span;
        List<byte> prefix = [];
        for (int i = 0; i < span.Length && span[i] is not ((byte)'*' or (byte)'?' or (byte)'['); i++)
        {
            if (span[i] == (byte)'\\' && i + 1 < span.Length)
            {
                i++;
            }

            prefix.Add(span[i]);
        }

        return [.. prefix];
    }

    /// <summary>Whether a key matches. Takes at most as many steps as key and pattern are long, multiplied: on a mismatch only the last star takes one more byte.</summary>
    public bool Matches(ReadOnlySpan<byte> key)
    {
        ReadOnlySpan<byte> span = pattern.Span;
        int at = 0;
        int part = 0;
        int star = -1;
        int resume = 0;
        while (at < key.Length)
        {
            if (part < span.Length && span[part] == (byte)'*')
            {
                star = ++part;
                resume = at;
            }
            else if (part < span.Length && One(span, part, key[at], out int next))
            {
                part = next;
                at++;
            }
            else if (star >= 0)
            {
                part = star;
                at = ++resume;
            }
            else
            {
                return false;
            }
        }

        while (part < span.Length && span[part] == (byte)'*')
        {
            part++;
        }

        return part == span.Length;
    }

    /// <summary>Whether the part of the pattern at a place takes a byte, and where the next part is.</summary>
    private static bool One(ReadOnlySpan<byte> span, int at, byte value, out int next)
    {
        switch (span[at])
        {
            case (byte)'?':
                next = at + 1;
                return true;
            case (byte)'[':
                return Set(span, at + 1, value, out next);
            case (byte)'\\' when at + 1 < span.Length:
                next = at + 2;
                return span[at + 1] == value;
            default:
                next = at + 1;
                return span[at] == value;
        }
    }

    /// <summary>A set is closed by ], or by the end of the pattern.</summary>
    private static bool Set(ReadOnlySpan<byte> span, int at, byte value, out int next)
    {
        bool not = at < span.Length && span[at] == (byte)'^';
        at += not ? 1 : 0;
        bool found = false;
        while (at < span.Length && span[at] != (byte)']')
        {
            if (span[at] == (byte)'\\' && at + 1 < span.Length)
            {
                at++;
                found |= span[at++] == value;
            }
            else if (at + 2 < span.Length && span[at + 1] == (byte)'-')
            {
                (byte low, byte high) = span[at] <= span[at + 2] ? (span[at], span[at + 2]) : (span[at + 2], span[at]);
                found |= value >= low && value <= high;
                at += 3;
            }
            else
            {
                found |= span[at++] == value;
            }
        }

        next = Math.Min(at + 1, span.Length);
        return found != not;
    }
}
