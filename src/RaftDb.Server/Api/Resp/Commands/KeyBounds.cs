namespace RaftDb.Server.Api.Resp.Commands;

/// <summary>Bounds of keys.</summary>
internal static class KeyBounds
{
    /// <summary>Behind all keys that begin with a prefix; null = to the end.</summary>
    public static ReadOnlyMemory<byte>? Behind(byte[] prefix)
    {
        int last = prefix.AsSpan().LastIndexOfAnyExcept((byte)0xff);
        if (last < 0)
        {
            return null;
        }

        byte[] end = prefix[..(last + 1)];
        end[last]++;
        return end;
    }
}
