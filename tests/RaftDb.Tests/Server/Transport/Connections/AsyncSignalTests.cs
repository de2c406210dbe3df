using RaftDb.Server.Transport.Connections;

namespace RaftDb.Tests.Server.Transport.Connections;

[TestFixture]
internal sealed class AsyncSignalTests
{
    [Test]
    public async Task A_signal_set_before_or_while_waiting_is_never_missed()
    {
        AsyncSignal signal = new();
        long produced = 0;
        long seen = 0;
        const long total = 20_000;
        var consumer = Task.Run(async () =>
        {
            while (Interlocked.Read(ref seen) < total)
            {
                await signal.WaitAsync();
                Interlocked.Exchange(ref seen, Interlocked.Read(ref produced));
            }
        });
        var producers = Enumerable.Range(0, 2).Select(_ => Task.Run(() =>
        {
            for (var i = 0; i < total / 2; i++)
            {
                Interlocked.Increment(ref produced);
                signal.Set();
            }
        }));
        await Until.DoneAsync(Task.WhenAll(producers), "the producers");
        await Until.DoneAsync(consumer, "the consumer has seen all");
    }

    [Test]
    public void Setting_twice_is_setting_once()
    {
        AsyncSignal signal = new();
        signal.Set();
        signal.Set();
        Assert.That(signal.WaitAsync().IsCompleted, Is.True);
        Assert.That(signal.WaitAsync().IsCompleted, Is.False);
    }
}
