using System.Diagnostics;
using RaftDb.Cli.Drills;

namespace RaftDb.Tests.Cli;

internal sealed class GapMeterTests
{
    private static readonly long Millisecond = Stopwatch.Frequency / 1000;

    [Test]
    public void The_gap_reaches_from_the_last_answer_before_the_fault_to_the_first_after() =>
        Assert.That(Measure([10, 20, 30, 180, 190, 200], fault: 35, until: 205), Is.EqualTo(150));

    [Test]
    public void An_answer_that_was_on_its_way_does_not_cut_the_gap_short() =>
        Assert.That(Measure([30, 36, 180, 190], fault: 35, until: 195), Is.EqualTo(144));

    [Test]
    public void The_order_of_the_writers_answers_does_not_matter() =>
        Assert.That(Measure([190, 20, 180, 30], fault: 35, until: 195), Is.EqualTo(150));

    [Test]
    public void Answers_that_stop_again_are_a_gap_that_goes_on() =>
        Assert.That(Measure([30, 40], fault: 35, until: 1040), Is.EqualTo(1000));

    [Test]
    public void A_gap_long_before_the_fault_is_none_of_it() =>
        Assert.That(Measure([10, 900, 905], fault: 902, until: 910), Is.EqualTo(5));

    [Test]
    public void Nothing_after_the_fault_is_no_measure() => Assert.That(Measure([10, 20], fault: 35, until: 100), Is.Null);

    [Test]
    public void Nothing_before_the_fault_is_no_measure() => Assert.That(Measure([50, 60], fault: 35, until: 100), Is.Null);

    [TestCase(new double[0], 0)]
    [TestCase(new double[] { 3 }, 3)]
    [TestCase(new double[] { 9, 1, 5 }, 5)]
    [TestCase(new double[] { 9, 1, 5, 7 }, 6)]
    public void The_median_is_the_middle(double[] values, double median) => Assert.That(GapMeter.Median(values), Is.EqualTo(median));

    private static double? Measure(long[] milliseconds, long fault, long until) =>
        GapMeter.Measure(milliseconds.Select(ms => ms * Millisecond), fault * Millisecond, until * Millisecond)?.TotalMilliseconds;
}
