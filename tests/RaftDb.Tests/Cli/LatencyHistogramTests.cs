using RaftDb.Cli.Bench;

namespace RaftDb.Tests.Cli;

internal sealed class LatencyHistogramTests
{
    [Test]
    public void Percentiles_are_never_too_low_and_at_most_two_percent_too_high()
    {
        const int Seed = 20_26;
        Random random = new(Seed);
        LatencyHistogram histogram = new();
        List<long> all = [];
        for (int i = 0; i < 20_000; i++)
        {
            long value = (long)Math.Exp(random.NextDouble() * 25);
            all.Add(value);
            histogram.Record(value);
        }

        all.Sort();
        foreach (double share in new[] { 0.001, 0.5, 0.9, 0.99, 0.999, 1 })
        {
            long exact = all[Math.Max(0, (int)Math.Ceiling(share * all.Count) - 1)];
            Assert.That(histogram.Percentile(share), Is.InRange(exact, (exact * 1.02) + 1), $"seed {Seed}, share {share}");
        }
    }

    [TestCase(0)]
    [TestCase(63)]
    [TestCase(64)]
    [TestCase(65)]
    [TestCase(127)]
    [TestCase(128)]
    [TestCase(long.MaxValue)]
    public void A_single_value_is_its_own_percentile(long value)
    {
        LatencyHistogram histogram = new();
        histogram.Record(value);

        Assert.That(histogram.Percentile(0.5), Is.EqualTo(value));
        Assert.That(histogram.Max, Is.EqualTo(value));
    }

    [Test]
    public void Merged_histograms_count_as_one()
    {
        LatencyHistogram one = new();
        LatencyHistogram other = new();
        for (int i = 0; i < 99; i++)
        {
            one.Record(10);
        }

        other.Record(50);
        one.Add(other);

        Assert.That(one.Count, Is.EqualTo(100));
        Assert.That(one.Percentile(0.99), Is.EqualTo(10));
        Assert.That(one.Percentile(1), Is.EqualTo(50));
    }

    [Test]
    public void An_empty_histogram_has_no_percentiles() => Assert.That(new LatencyHistogram().Percentile(0.99), Is.Zero);
}
