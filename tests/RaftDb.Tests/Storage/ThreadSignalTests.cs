using RaftDb.Storage;

namespace RaftDb.Tests.Storage;

internal sealed class ThreadSignalTests
{
    [Test]
    public void What_is_set_before_the_wait_lets_one_wait_pass()
    {
        ThreadSignal signal = new();
        signal.Set();
        signal.Set();
        Assert.That(signal.Wait(0), Is.True);
        Assert.That(signal.Wait(0), Is.False);
        Assert.That(signal.Wait(1), Is.False);
    }

    [Test]
    public void A_wait_without_an_end_ends_with_the_signal()
    {
        ThreadSignal signal = new();
        Thread waiter = new(() => signal.Wait(Timeout.Infinite)) { IsBackground = true };
        waiter.Start();
        signal.Set();
        Assert.That(waiter.Join(TimeSpan.FromSeconds(10)), Is.True);
    }

    [TestCase(Timeout.Infinite)]
    [TestCase(1)]
    public void No_signal_is_lost_between_two_threads_that_hand_over_to_each_other(int milliseconds)
    {
        const int turns = 20_000;
        ThreadSignal there = new();
        ThreadSignal back = new();
        int done = 0;
        Thread other = new(() =>
        {
            for (int i = 0; i < turns; i++)
            {
                Await(there, milliseconds);
                done++;
                back.Set();
            }
        })
        { IsBackground = true };
        other.Start();
        for (int i = 0; i < turns; i++)
        {
            there.Set();
            Await(back, milliseconds);
            Assert.That(Volatile.Read(ref done), Is.EqualTo(i + 1));
        }

        Assert.That(other.Join(TimeSpan.FromSeconds(10)), Is.True);
    }

    private static void Await(ThreadSignal signal, int milliseconds)
    {
        while (!signal.Wait(milliseconds))
        {
        }
    }
}
