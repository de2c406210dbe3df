namespace RaftDb.Server.Api;

/// <summary>The request target as it came over the wire: Kestrel's own path is decoded and has its dot segments removed, which must not happen to keys.</summary>
internal readonly ref struct RequestTarget
{
    /// <summary>What key requests begin with.</summary>
    public const string KeyPrefix = "/v1/kv/";

    private RequestTarget(ReadOnlySpan<char> path, ReadOnlySpan<char> query)
    {
        Path = path;
        Query = query;
    }

    /// <summary>Up to the first <c>?</c>, still encoded.</summary>
    public ReadOnlySpan<char> Path { get; }

    /// <summary>After the first <c>?</c>, still encoded.</summary>
    public ReadOnlySpan<char> Query { get; }

    /// <summary>Whether this names a key.</summary>
    public bool IsKey => Path.StartsWith(KeyPrefix, StringComparison.Ordinal);

    /// <summary>What follows <see cref="KeyPrefix"/>.</summary>
    public ReadOnlySpan<char> EncodedKey => Path[KeyPrefix.Length..];

    /// <summary>Splits a raw target: origin form (<c>/path?query</c>) or absolute form (<c>http://host/path?query</c>).</summary>
    public static RequestTarget Of(ReadOnlySpan<char> raw)
    {
        if (!raw.StartsWith('/'))
        {
            int authority = raw.IndexOf("://", StringComparison.Ordinal);
            ReadOnlySpan<char> rest = authority < 0 ? raw : raw[(authority + 3)..];
            int path = authority < 0 ? 0 : rest.IndexOfAny('/', '?');
            raw = path < 0 ? "/" : rest[path..];
        }

        int question = raw.IndexOf('?');
        return question < 0 ? new(raw, default) : new(raw[..question], raw[(question + 1)..]);
    }
}
