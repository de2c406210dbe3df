using System.Diagnostics;
using RaftDb.Cli;
using RaftDb.Cli.Bench;

namespace RaftDb.Tests.Cli;

internal sealed class BenchPartsTests
{
    private static readonly long Millisecond = Stopwatch.Frequency / 1000;

    [Test]
    public void The_longest_gap_is_between_successes_of_all_clients()
    {
        SuccessGap gap = new();
        gap.Success(1);
        gap.Begin(100 * Millisecond);
        gap.Success(101 * Millisecond);
        gap.Success(131 * Millisecond);
        gap.Success(132 * Millisecond);
        gap.End(140 * Millisecond);

        Assert.That(gap.LongestMilliseconds, Is.EqualTo(30).Within(0.2), "what came before it began doesn't count");
    }

    [Test]
    public void A_gap_that_goes_on_at_the_end_counts()
    {
        SuccessGap gap = new();
        gap.Begin(0);
        gap.Success(5 * Millisecond);
        gap.End(45 * Millisecond);

        Assert.That(gap.LongestMilliseconds, Is.EqualTo(40).Within(0.2));
    }

    [Test]
    public void A_quota_is_used_up_once_and_failures_are_tried_again()
    {
        BenchQuota quota = new(2);

        Assert.That(quota.Take(), Is.True);
        Assert.That(quota.Take(), Is.True);
        Assert.That(quota.Take(), Is.False);
        quota.GiveBack();
        Assert.That(quota.Take(), Is.True);
        Assert.That(quota.Take(), Is.False);
        Assert.That(new BenchQuota(null).Take(), Is.True, "without a number there is no end");
    }

    [Test]
    public void Buckets_go_from_the_first_to_the_last_that_hold_anything()
    {
        LatencyHistogram histogram = new();
        histogram.Record(900_000);
        histogram.Record(950_000);
        histogram.Record(7_000_000);
        IReadOnlyList<LatencyBucket> buckets = LatencyBucket.Of(histogram);

        Assert.That(buckets, Is.EqualTo((LatencyBucket[])[new(1, 2), new(2, 0), new(5, 0), new(10, 1)]));
        Assert.That(LatencyBucket.ToText(buckets).Split('\n', StringSplitOptions.RemoveEmptyEntries), Has.Length.EqualTo(4));
        Assert.That(LatencyBucket.Of(new()), Is.Empty);
    }

    [Test]
    public void What_came_since_is_told_apart_from_what_was()
    {
        LatencyHistogram all = new();
        all.Record(1_000_000);
        LatencyHistogram before = new();
        before.Add(all);
        all.Record(9_000_000);

        Assert.That(all.Since(before).Count, Is.EqualTo(1));
        Assert.That(all.Since(before).PercentileMilliseconds(0.5), Is.EqualTo(9).Within(0.2));
    }

    [TestCase("batch")]
    [TestCase("scan")]
    public void The_http_protocol_does_single_keys_only(string workload)
    {
        BenchSettings settings = new() { Workload = workload, Protocol = "http" };

        Assert.That(settings.Validate, Throws.TypeOf<UsageException>());
    }

    [Test]
    public void A_batch_counts_as_its_puts() => Assert.That(new BenchSettings { Workload = "batch", Batch = 7 }.OperationsPerRequest, Is.EqualTo(7));
}
