using System.Diagnostics;
using RaftDb.Raft;

namespace RaftDb.Server.Transport;

/// <summary>Readings of the process's monotonic clock, the one behind <see cref="Stopwatch"/>.</summary>
internal static class MonotonicClock
{
    private static readonly double NanosecondsPerTick = 1e9 / Stopwatch.Frequency;

    public static Instant Now => new((long)(Stopwatch.GetTimestamp() * NanosecondsPerTick));
}
