using System.Numerics;

namespace RaftDb.Cli.Bench;

/// <summary>
/// Counts durations in buckets whose width grows with the duration: 64 to each power of two, so a percentile is at most 1.6 %
/// too high, and recording is an addition. Owned by one client; merged at the end.
/// </summary>
internal sealed class LatencyHistogram
{
    private const int SubBucketBits = 6;
    private const int SubBuckets = 1 << SubBucketBits;

    private readonly long[] _counts = new long[(64 - SubBucketBits + 1) * SubBuckets];

    public long Count { get; private set; }

    public long Max { get; private set; }

    public void Record(long nanoseconds)
    {
        long value = Math.Max(0, nanoseconds);
        _counts[BucketOf(value)]++;
        Count++;
        Max = Math.Max(Max, value);
    }

    public void Add(LatencyHistogram other)
    {
        // Counted anew: the other one may be written to meanwhile, when it is for display only.
        for (int i = 0; i < _counts.Length; i++)
        {
            long count = other._counts[i];
            _counts[i] += count;
            Count += count;
        }

        Max = Math.Max(Max, other.Max);
    }

    /// <summary>What came to this one since it was as <paramref name="earlier"/> says. The longest stays the longest of all.</summary>
    public LatencyHistogram Since(LatencyHistogram earlier)
    {
        LatencyHistogram difference = new() { Max = Max };
        for (int i = 0; i < _counts.Length; i++)
        {
            difference._counts[i] = _counts[i] - earlier._counts[i];
            difference.Count += difference._counts[i];
        }

        return difference;
    }

    /// <summary>How many durations there are up to each of the bounds (in nanoseconds, ascending) and above the one before; what is above the last comes last.</summary>
    public long[] CountsUpTo(IReadOnlyList<long> bounds)
    {
        long[] counts = new long[bounds.Count + 1];
        int at = 0;
        for (int i = 0; i < _counts.Length; i++)
        {
            while (at < bounds.Count && UpperEnd(i) > bounds[at])
            {
                at++;
            }

            counts[at] += _counts[i];
        }

        return counts;
    }

    /// <summary>The duration in nanoseconds that the given share (0 to 1) did not exceed: the upper end of its bucket; 0 when empty.</summary>
    public long Percentile(double share)
    {
        if (Count == 0)
        {
            return 0;
        }

        long wanted = Math.Clamp((long)Math.Ceiling(share * Count), 1, Count);
        long seen = 0;
        for (int i = 0; i < _counts.Length; i++)
        {
            seen += _counts[i];
            if (seen >= wanted)
            {
                return Math.Min(UpperEnd(i), Max);
            }
        }

        return Max;
    }

    public double PercentileMilliseconds(double share) => Math.Round(Percentile(share) / 1e6, 3);

    private static int BucketOf(long value)
    {
        // Below 64 each value has its own bucket; above, the top six bits after the leading one choose within its power of two.
        if (value < SubBuckets)
        {
            return (int)value;
        }

        int power = BitOperations.Log2((ulong)value);
        int shift = power - SubBucketBits;
        return ((shift + 1) << SubBucketBits) + (int)((value >> shift) - SubBuckets);
    }

    private static long UpperEnd(int bucket)
    {
        if (bucket < SubBuckets)
        {
            return bucket;
        }

        int shift = (bucket >> SubBucketBits) - 1;
        long lower = (long)(SubBuckets + (bucket & (SubBuckets - 1))) << shift;
        return lower + (1L << shift) - 1;
    }
}
