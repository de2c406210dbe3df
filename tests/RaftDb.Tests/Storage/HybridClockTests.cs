using RaftDb.Storage;

namespace RaftDb.Tests.Storage;

public class HybridClockTests
{
    private long _physical;

    [SetUp]
    public void SetUp() => _physical = 1_000_000;

    [Test]
    public void Readings_follow_the_machine_and_never_repeat()
    {
        HybridClock clock = Clock();
        HybridTimestamp first = clock.Now();
        HybridTimestamp second = clock.Now();
        _physical += 5;
        Assert.That(first, Is.EqualTo(HybridTimestamp.Of(1_000_000, 0)));
        Assert.That(second, Is.EqualTo(HybridTimestamp.Of(1_000_000, 1)));
        Assert.That(clock.Now(), Is.EqualTo(HybridTimestamp.Of(1_000_005, 0)));
    }

    [Test]
    public void A_machine_clock_that_jumps_back_does_not_take_the_log_back()
    {
        HybridClock clock = Clock();
        HybridTimestamp before = clock.Now();
        _physical -= 60_000;
        Assert.That(clock.Now().CompareTo(before), Is.Positive);
    }

    [Test]
    public void A_full_counter_carries_into_the_milliseconds()
    {
        HybridClock clock = Clock();
        clock.Merge(HybridTimestamp.Of(_physical, ushort.MaxValue));
        Assert.That(clock.Now(), Is.EqualTo(HybridTimestamp.Of(1_000_001, 0)));
    }

    [Test]
    public void A_remote_reading_within_the_bound_is_taken_over()
    {
        HybridClock clock = Clock();
        HybridTimestamp remote = HybridTimestamp.Of(_physical + 5000, 3);
        Assert.That(clock.Merge(remote), Is.EqualTo(ClockMerge.Advanced));
        Assert.That(clock.Now(), Is.EqualTo(HybridTimestamp.Of(_physical + 5000, 4)));
        Assert.That(clock.Merge(remote), Is.EqualTo(ClockMerge.AlreadyPast));
    }

    [Test]
    public void A_remote_reading_too_far_ahead_is_refused_and_changes_nothing()
    {
        HybridClock clock = Clock();
        Assert.That(clock.Merge(HybridTimestamp.Of(_physical + 5001, 0)), Is.EqualTo(ClockMerge.Refused));
        Assert.That(clock.Merge(new(ulong.MaxValue)), Is.EqualTo(ClockMerge.Refused));
        Assert.That(clock.Now(), Is.EqualTo(HybridTimestamp.Of(_physical, 0)));
    }

    [Test]
    public void What_this_node_wrote_before_a_restart_is_taken_over_however_far_ahead()
    {
        HybridClock clock = Clock();
        HybridTimestamp own = HybridTimestamp.Of(_physical + 3_600_000, 9);
        Assert.That(clock.Restore(own), Is.EqualTo(ClockMerge.Advanced));
        Assert.That(clock.Last, Is.EqualTo(own));
        Assert.That(clock.Now().CompareTo(own), Is.Positive);
    }

    [Test]
    public void Threads_get_different_readings()
    {
        HybridClock clock = Clock();
        var readings = new HybridTimestamp[4 * 2000];
        Parallel.For(0, 4, thread =>
        {
            for (int i = 0; i < 2000; i++)
            {
                readings[(thread * 2000) + i] = clock.Now();
            }
        });
        Assert.That(readings, Is.Unique);
    }

    [Test]
    public void A_negative_bound_is_refused() =>
        Assert.That(() => new HybridClockOptions { MaxClockJump = TimeSpan.FromMilliseconds(-1) }.Validate(), Throws.ArgumentException);

    private HybridClock Clock() => new(() => _physical, new HybridClockOptions());
}
