using System.Diagnostics;

namespace RaftDb.Cli.Drills;

/// <summary>Measures for how long a range took no writes, as its writers saw it, their retries included.</summary>
internal static class GapMeter
{
    /// <summary>
    /// The longest time without an acknowledgement, from the last one before the fault on. Not only the first gap after the fault:
    /// an answer that was on its way when the leader died must not cut the gap short.
    /// </summary>
    /// <param name="acknowledgedAt">All acknowledgements of the range, any order (<see cref="Stopwatch"/> timestamps).</param>
    /// <param name="fault">When the fault was done.</param>
    /// <param name="until">When to stop looking.</param>
    /// <returns>Null when nothing was acknowledged before the fault, or nothing after: there is no gap to measure.</returns>
    public static TimeSpan? Measure(IEnumerable<long> acknowledgedAt, long fault, long until)
    {
        long last = long.MinValue;
        List<long> after = [];
        foreach (long timestamp in acknowledgedAt)
        {
            if (timestamp <= fault)
            {
                last = Math.Max(last, timestamp);
            }
            else if (timestamp <= until)
            {
                after.Add(timestamp);
            }
        }

        if (last == long.MinValue || after.Count == 0)
        {
            return null;
        }

        after.Sort();
        long longest = 0;
        foreach (long timestamp in after)
        {
            longest = Math.Max(longest, timestamp - last);
            last = timestamp;
        }

        // The end of the window is itself a gap that goes on.
        return Stopwatch.GetElapsedTime(0, Math.Max(longest, until - last));
    }

    public static double Median(IReadOnlyCollection<double> values)
    {
        double[] sorted = [.. values.Order()];
        return sorted.Length switch
        {
            0 => 0,
            _ when sorted.Length % 2 == 1 => sorted[sorted.Length / 2],
            _ => (sorted[(sorted.Length / 2) - 1] + sorted[sorted.Length / 2]) / 2,
        };
    }
}
