using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using RaftDb.Client.Routing;

namespace RaftDb.Client.Sessions;

/// <summary>Gives each write its place in a session: one for each range, a new one when that has been used for long. Thread-safe.</summary>
internal sealed class SessionKeeper
{
    /// <summary>Ranges remember a minted session's id for a day: with half of that there is room for writes that are repeated.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromHours(12);

    /// <summary>Ranges end a session that is idle for an hour, unless told otherwise.</summary>
    private static readonly TimeSpan Idle = TimeSpan.FromMinutes(10);

    private readonly ConcurrentDictionary<ulong, RangeSession> _sessions = new();
    private readonly Lock _gate = new();

    /// <summary>A place for a write to a range.</summary>
    public SessionTicket Take(RangeRoute range, RouteMap map)
    {
        while (true)
        {
            if (_sessions.TryGetValue(range.Id, out RangeSession? session) && session.TryTake(Longest, Idle, out SessionTicket? ticket))
            {
                return ticket;
            }

            lock (_gate)
            {
                if (!_sessions.TryGetValue(range.Id, out RangeSession? now) || ReferenceEquals(now, session))
                {
                    long logTime = map.LogTime + (long)Stopwatch.GetElapsedTime(map.Received).TotalMilliseconds;
                    _sessions[range.Id] = new(Mint(logTime));
                }
            }
        }
    }

    /// <summary>An id as nodes mint them: the log's time in 48 bits, a mark that says so, and 62 random bits (docs/decisions/0009). So a range that doesn't know it can tell that it is new.</summary>
    public static string Mint(long logMilliseconds)
    {
        Span<byte> random = stackalloc byte[sizeof(ulong)];
        RandomNumberGenerator.Fill(random);
        ulong low = (BinaryPrimitives.ReadUInt64LittleEndian(random) >> 2) | (0b10UL << 62);
        return (((ulong)logMilliseconds << 16) | 0x7D5B).ToString("x16", CultureInfo.InvariantCulture) + low.ToString("x16", CultureInfo.InvariantCulture);
    }
}
