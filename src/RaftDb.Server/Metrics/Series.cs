namespace RaftDb.Server.Metrics;

/// <summary>One series: a number, or a histogram's buckets. Atomic additions, no lock.</summary>
internal sealed class Series(double[]? bounds)
{
    private readonly long[] _counts = bounds is null ? [] : new long[bounds.Length + 1];
    private double _value;
    private int _scrape;

    /// <summary>The number; a histogram's sum.</summary>
    public double Value => Volatile.Read(ref _value);

    /// <summary>The scrape in which it was last set.</summary>
    public int Scrape => Volatile.Read(ref _scrape);

    /// <summary>Sets the number.</summary>
    public void Set(double value, int scrape)
    {
        Volatile.Write(ref _value, value);
        Volatile.Write(ref _scrape, scrape);
    }

    /// <summary>Adds to the number; counts it in its bucket.</summary>
    public void Add(double value)
    {
        if (bounds is not null)
        {
            int bucket = 0;
            while (bucket < bounds.Length && value > bounds[bucket])
            {
                bucket++;
            }

            Interlocked.Increment(ref _counts[bucket]);
        }

        double before;
        double found = Volatile.Read(ref _value);
        do
        {
            before = found;
            found = Interlocked.CompareExchange(ref _value, before + value, before);
        }
        while (!found.Equals(before));
    }

    /// <summary>Writes cumulative buckets, sum and count. The count is that of the buckets as read, so that they agree while others add.</summary>
    public void WriteHistogram(PrometheusText text, string name, string tags, double[] upper)
    {
        long count = 0;
        for (int i = 0; i < _counts.Length; i++)
        {
            count += Volatile.Read(ref _counts[i]);
            text.Sample(name + "_bucket", tags, i < upper.Length ? PrometheusText.Number(upper[i]) : "+Inf", count);
        }

        text.Sample(name + "_sum", tags, null, Value);
        text.Sample(name + "_count", tags, null, count);
    }
}
