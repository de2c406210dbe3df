using System.Globalization;
using System.Text;

namespace RaftDb.Cli.Bench;

/// <summary>Requests that took up to so many milliseconds, and more than the bucket before. Bounds are 1, 2, 5, 10 and so on; those of the histogram itself are up to 1.6 % off them.</summary>
/// <param name="UpToMs">Null: however long.</param>
internal sealed record LatencyBucket(double? UpToMs, long Count)
{
    private const int BarWidth = 40;

    /// <summary>From 10 µs to 100 s.</summary>
    private static readonly long[] Bounds =
    [
        .. Enumerable.Range(4, 7).SelectMany(power => (long[])[1, 2, 5], (power, digit) => digit * (long)Math.Pow(10, power)),
        100_000_000_000,
    ];

    /// <summary>The buckets from the first to the last that hold anything.</summary>
    public static IReadOnlyList<LatencyBucket> Of(LatencyHistogram histogram)
    {
        long[] counts = histogram.CountsUpTo(Bounds);
        int first = Array.FindIndex(counts, count => count > 0);
        int last = Array.FindLastIndex(counts, count => count > 0);
        return first < 0 ? [] : [.. Enumerable.Range(first, last - first + 1).Select(i => new LatencyBucket(i < Bounds.Length ? Bounds[i] / 1e6 : null, counts[i]))];
    }

    /// <summary>A line with a bar for each.</summary>
    public static string ToText(IReadOnlyList<LatencyBucket> buckets)
    {
        long all = Math.Max(1, buckets.Sum(bucket => bucket.Count));
        long most = Math.Max(1, buckets.Select(bucket => bucket.Count).DefaultIfEmpty().Max());
        long below = 0;
        StringBuilder text = new();
        foreach (LatencyBucket bucket in buckets)
        {
            below += bucket.Count;
            string bound = bucket.UpToMs is { } ms ? $"<= {ms.ToString("0.##", CultureInfo.InvariantCulture)} ms" : "longer";
            int width = (int)Math.Ceiling(bucket.Count * (double)BarWidth / most);
            text.Append(
                CultureInfo.InvariantCulture,
                $"  {bound,13}  {bucket.Count,10}  {100.0 * below / all,7:0.000} %{(width > 0 ? "  " : "")}{new string('#', width)}").Append('\n');
        }

        return text.ToString();
    }
}
