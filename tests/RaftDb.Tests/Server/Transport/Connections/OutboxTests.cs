using RaftDb.Server.Transport.Connections;
using RaftDb.Server.Transport.Wire;

namespace RaftDb.Tests.Server.Transport.Connections;

[TestFixture]
internal sealed class OutboxTests
{
    [Test]
    public void Messages_beyond_the_bound_are_not_taken_until_what_was_taken_is_written()
    {
        Outbox outbox = new(maxBytes: 64 * 10);
        Assert.That(outbox.Add([.. Enumerable.Range(0, 15).Select(i => TestNode.Message((ulong)i))]), Is.EqualTo(10));

        OutgoingBatch batch = new();
        var bytes = outbox.Take(batch);
        Assert.That((bytes, batch.Messages.Count, outbox.Bytes), Is.EqualTo((640L, 10, 640L)));
        Assert.That(outbox.Add([TestNode.Message(1)]), Is.Zero, "the batch is not written yet");

        outbox.Release(bytes);
        Assert.That(outbox.Add([TestNode.Message(1)]), Is.EqualTo(1));
    }

    [Test]
    public void A_frame_beyond_the_bound_is_refused_unless_it_must_go()
    {
        Outbox outbox = new(maxBytes: 100);
        OutgoingFrame large = new() { Kind = FrameKind.Response, Payload = new byte[100] };
        Assert.That((outbox.TryAdd(large), outbox.TryAdd(large, always: true), outbox.Bytes), Is.EqualTo((false, true, 164L)));
    }

    [Test]
    public void Clearing_drops_what_waits_and_frees_its_room()
    {
        Outbox outbox = new(maxBytes: 640);
        outbox.Add([TestNode.Message(1), TestNode.Message(2)]);
        Assert.That((outbox.Clear(), outbox.Bytes, outbox.Clear()), Is.EqualTo((2, 0L, 0)));
    }
}
