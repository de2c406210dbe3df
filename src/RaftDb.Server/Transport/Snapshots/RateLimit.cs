using System.Diagnostics;

namespace RaftDb.Server.Transport.Snapshots;

/// <summary>Spreads bytes over time. Thread-safe.</summary>
internal sealed class RateLimit(long bytesPerSecond)
{
    private readonly Lock _gate = new();
    private long _freeAt = Stopwatch.GetTimestamp();

    /// <summary>Takes a share and says how long to wait before it may be used.</summary>
    public TimeSpan Take(int bytes)
    {
        if (bytesPerSecond == 0)
        {
            return TimeSpan.Zero;
        }

        lock (_gate)
        {
            var now = Stopwatch.GetTimestamp();
            var from = Math.Max(now, _freeAt);
            _freeAt = from + (long)((double)bytes / bytesPerSecond * Stopwatch.Frequency);
            return Stopwatch.GetElapsedTime(now, from);
        }
    }
}
