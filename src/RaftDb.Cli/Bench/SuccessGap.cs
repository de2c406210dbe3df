using System.Diagnostics;

namespace RaftDb.Cli.Bench;

/// <summary>The longest time in which none of a load's clients had a success: what a failover looks like from outside. Thread-safe, and asked of every answer: the last success is
/// written down every tenth of a millisecond only, so a gap may be told that much too long.</summary>
internal sealed class SuccessGap
{
    private static readonly long Coarse = Stopwatch.Frequency / 10_000;

    private long _last = long.MaxValue;
    private long _longest;

    public double LongestMilliseconds => Math.Round(Stopwatch.GetElapsedTime(0, Volatile.Read(ref _longest)).TotalMilliseconds, 3);

    /// <summary>Counts from now on.</summary>
    public void Begin(long timestamp) => Volatile.Write(ref _last, timestamp);

    /// <summary>Something succeeded.</summary>
    public void Success(long timestamp)
    {
        long last = Volatile.Read(ref _last);
        if (last != long.MaxValue && timestamp - last > Coarse && Interlocked.CompareExchange(ref _last, timestamp, last) == last)
        {
            Gap(timestamp - last);
        }
    }

    /// <summary>The end of the load: a gap that goes on then is one too. What is answered later doesn't count, for nobody asks any more; nor does a second end.</summary>
    public void End(long timestamp)
    {
        long last = Interlocked.Exchange(ref _last, long.MaxValue);
        if (last != long.MaxValue && timestamp > last)
        {
            Gap(timestamp - last);
        }
    }

    private void Gap(long ticks)
    {
        long longest = Volatile.Read(ref _longest);
        while (ticks > longest)
        {
            long seen = Interlocked.CompareExchange(ref _longest, ticks, longest);
            if (seen == longest)
            {
                return;
            }

            longest = seen;
        }
    }
}
