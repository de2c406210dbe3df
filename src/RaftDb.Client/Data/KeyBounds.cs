namespace RaftDb.Client.Data;

/// <summary>The bounds of a scan.</summary>
internal static class KeyBounds
{
    /// <summary>What a prefix, a start and an end leave together: from the first key, inclusive, to the end, exclusive; null = unbounded.</summary>
    public static (ReadOnlyMemory<byte> Start, ReadOnlyMemory<byte>? End) Of(Bytes? prefix, Bytes? start, Bytes? end)
    {
        ReadOnlyMemory<byte> from = start?.Memory ?? default;
        ReadOnlyMemory<byte>? to = end?.Memory;
        if (prefix is not { Memory.IsEmpty: false } within)
        {
            return (from, to);
        }

        if (within.Memory.Span.SequenceCompareTo(from.Span) > 0)
        {
            from = within.Memory;
        }

        ReadOnlyMemory<byte>? behind = Behind(within.Memory.Span);
        if (behind is { } bound && (to is not { } other || bound.Span.SequenceCompareTo(other.Span) < 0))
        {
            to = bound;
        }

        return (from, to);
    }

    /// <summary>Behind all keys that begin so; null = to the end.</summary>
    private static ReadOnlyMemory<byte>? Behind(ReadOnlySpan<byte> prefix)
    {
        int last = prefix.LastIndexOfAnyExcept((byte)0xff);
        if (last < 0)
        {
            return null;
        }

        byte[] end = prefix[..(last + 1)].ToArray();
        end[last]++;
        return end;
    }
}
