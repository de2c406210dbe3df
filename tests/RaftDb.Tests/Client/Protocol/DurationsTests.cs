using RaftDb.Client.Protocol;

namespace RaftDb.Tests.Client.Protocol;

internal sealed class DurationsTests
{
    [TestCase("500ms", 500)]
    [TestCase("30s", 30_000)]
    [TestCase("5m", 300_000)]
    [TestCase("2h", 7_200_000)]
    [TestCase("0ms", 0)]
    public void A_number_and_a_unit_is_a_duration(string text, long milliseconds)
    {
        Assert.That(Durations.TryParse(text, out TimeSpan duration), Is.True);
        Assert.That(duration.TotalMilliseconds, Is.EqualTo(milliseconds));
        Assert.That(Durations.Format(duration), Is.EqualTo(text));
    }

    [TestCase("")]
    [TestCase("5")]
    [TestCase("s")]
    [TestCase("ms")]
    [TestCase("-1s")]
    [TestCase("+1s")]
    [TestCase("1.5s")]
    [TestCase("1 s")]
    [TestCase("1S")]
    [TestCase("1d")]
    [TestCase("1sm")]
    [TestCase("99999999999999999999s")]
    [TestCase("9223372036854775807h")]
    public void Anything_else_is_not(string text) => Assert.That(Durations.TryParse(text, out _), Is.False);

    [Test]
    public void The_largest_unit_that_divides_it_is_written_and_a_rest_is_rounded_up()
    {
        Assert.That(Durations.Format(TimeSpan.FromMinutes(90)), Is.EqualTo("90m"));
        Assert.That(Durations.Format(TimeSpan.FromTicks(1)), Is.EqualTo("1ms"));
        Assert.That(() => Durations.Format(TimeSpan.FromTicks(-1)), Throws.InstanceOf<ArgumentOutOfRangeException>());
    }
}
