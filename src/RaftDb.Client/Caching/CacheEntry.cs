using System.Buffers;
using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Caching.Distributed;

namespace RaftDb.Client.Caching;

/// <summary>What the value of a cached key begins with: when it is over. Milliseconds since 1970 and of duration, big-endian; 0 = none.</summary>
/// <param name="AbsoluteExpiry">From when on it is no longer valid.</param>
/// <param name="Sliding">How long it may be unused.</param>
/// <param name="Refreshed">When it was last written.</param>
internal readonly record struct CacheEntry(long AbsoluteExpiry, long Sliding, long Refreshed)
{
    public const int HeaderBytes = 25;

    private const byte Format = 1;

    /// <summary>A sliding expiry is written anew only after this part of it, so that not every read is a write. The key lives longer by as much, so that it never goes early.</summary>
    private const int Slack = 8;

    public static CacheEntry From(DistributedCacheEntryOptions options, DateTimeOffset now)
    {
        DateTimeOffset? expiry = options.AbsoluteExpirationRelativeToNow is { } relative ? now + relative : options.AbsoluteExpiration;
        if (expiry <= now)
        {
            throw new ArgumentOutOfRangeException(nameof(options), options.AbsoluteExpiration, "The absolute expiration must be in the future.");
        }

        long sliding = options.SlidingExpiration is { } unused ? Math.Max(1, (long)unused.TotalMilliseconds) : 0;
        return new(expiry?.ToUnixTimeMilliseconds() ?? 0, sliding, now.ToUnixTimeMilliseconds());
    }

    public static bool TryDecode(ReadOnlySpan<byte> value, [NotNullWhen(true)] out CacheEntry? entry)
    {
        entry = value.Length >= HeaderBytes && value[0] == Format
            ? new(BinaryPrimitives.ReadInt64BigEndian(value[1..]), BinaryPrimitives.ReadInt64BigEndian(value[9..]), BinaryPrimitives.ReadInt64BigEndian(value[17..]))
            : null;
        return entry is not null;
    }

    public byte[] Encode(ReadOnlySequence<byte> content)
    {
        byte[] value = new byte[HeaderBytes + content.Length];
        value[0] = Format;
        BinaryPrimitives.WriteInt64BigEndian(value.AsSpan(1), AbsoluteExpiry);
        BinaryPrimitives.WriteInt64BigEndian(value.AsSpan(9), Sliding);
        BinaryPrimitives.WriteInt64BigEndian(value.AsSpan(17), Refreshed);
        content.CopyTo(value.AsSpan(HeaderBytes));
        return value;
    }

    /// <summary>Whether the absolute expiry is over. The cluster removes the key a moment later.</summary>
    public bool IsOver(DateTimeOffset now) => AbsoluteExpiry != 0 && now.ToUnixTimeMilliseconds() >= AbsoluteExpiry;

    /// <summary>Whether this use is to be written down.</summary>
    public bool IsRefreshDue(DateTimeOffset now) => Sliding != 0 && now.ToUnixTimeMilliseconds() - Refreshed >= Sliding / Slack;

    /// <summary>How long the key has to live, written now; null = for ever.</summary>
    public TimeSpan? TimeToLive(DateTimeOffset now)
    {
        long absolute = AbsoluteExpiry == 0 ? long.MaxValue : Math.Max(1, AbsoluteExpiry - now.ToUnixTimeMilliseconds());
        long sliding = Sliding == 0 ? long.MaxValue : Sliding + (Sliding / Slack);
        long milliseconds = Math.Min(absolute, sliding);
        return milliseconds == long.MaxValue ? null : TimeSpan.FromMilliseconds(milliseconds);
    }
}
