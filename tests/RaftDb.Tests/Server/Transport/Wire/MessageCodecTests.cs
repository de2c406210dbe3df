using RaftDb.Raft;
using RaftDb.Raft.Log;
using RaftDb.Raft.Membership;
using RaftDb.Raft.Messages;
using RaftDb.Server.Transport;
using RaftDb.Server.Transport.Wire;
using RaftDb.Storage;

namespace RaftDb.Tests.Server.Transport.Wire;

[TestFixture]
internal sealed class MessageCodecTests
{
    private const string ReplayVariable = "RAFTDB_CODEC_SEED";

    private static readonly ReplicaId A = new(1);
    private static readonly ReplicaId B = new(2);
    private static readonly Term T = new(300);

    private static readonly (Message Message, string Bytes)[] Golden =
    [
        (new VoteRequest(A, B, T, new(new(5), new(4)), true, false, true) { Commit = new(new(3), new(2)) }, "01070102AC020505040302"),
        (new VoteResponse(A, B, T, false, true) { Commit = new(new(3), new(2)) }, "02070102AC02020302"),
        (new AppendEntries(
            A, B, T, new(new(127), new(4)),
            [new(new(4), new(128), EntryKind.Command, new byte[] { 0xAA, 0xBB }), new(T, new(129), EntryKind.Noop, default)],
            new(126), true),
            "03070102AC02017F047E02020104" + "02AABB00AC0200"),
        (new AppendEntriesResponse(A, B, T, true, new(9), new(new(8), new(2)), new(7)), "04070102AC020109080207"),
        (new Heartbeat(A, B, T, new(6), 11, true), "05070102AC0201060B"),
        (new HeartbeatResponse(A, B, T, 11, new(6)), "06070102AC020B06"),
        (new InstallSnapshot(A, B, T, new(new(new(10), new(3)), Configuration.OfVoters(A, B))), "07070102AC020A03080100020102000000"),
        (new TimeoutNow(A, B, T), "08070102AC02"),
        (new ReadIndexRequest(A, B, T, ulong.MaxValue), "09070102AC02FFFFFFFFFFFFFFFFFF01"),
        (new ReadIndexResponse(A, B, T, 12, new(13), true), "0A070102AC02010C0D"),
    ];

    [TestCaseSource(nameof(Golden))]
    public void The_bytes_of_each_message_never_change((Message Message, string Bytes) golden)
    {
        RangeMessage item = new(new RangeId(7), golden.Message);
        Assert.That(Convert.ToHexString(Encode(item)), Is.EqualTo(golden.Bytes));
        Assert.That(MessageSamples.Text(Decode(Convert.FromHexString(golden.Bytes))), Is.EqualTo(MessageSamples.Text(item)));
    }

    [Test]
    public void Every_message_comes_back_as_it_went()
    {
        var random = Seeded();
        for (var i = 0; i < 5000; i++)
        {
            var item = MessageSamples.Random(random);
            Assert.That(MessageSamples.Text(Decode(Encode(item))), Is.EqualTo(MessageSamples.Text(item)));
        }
    }

    [Test]
    public void Every_truncation_is_a_protocol_violation()
    {
        var random = Seeded();
        for (var i = 0; i < 200; i++)
        {
            var bytes = Encode(MessageSamples.Random(random));
            for (var length = 0; length < bytes.Length; length++)
            {
                Assert.That(() => Decode(bytes.AsSpan(0, length)), Throws.InstanceOf<ProtocolViolationException>(), $"{Convert.ToHexString(bytes)} cut to {length}");
            }
        }
    }

    [Test]
    public void Changed_bytes_decode_to_some_message_or_are_a_protocol_violation()
    {
        var random = Seeded();
        var violations = 0;
        for (var i = 0; i < 20_000; i++)
        {
            var bytes = Encode(MessageSamples.Random(random));
            for (var flips = random.Next(1, 4); flips > 0; flips--)
            {
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            }

            try
            {
                // What decodes has one encoding: a second form of the same message would be a hole in the checks.
                var again = Encode(Decode(bytes));
                Assert.That(again.AsSpan().SequenceEqual(bytes), Is.True, Convert.ToHexString(bytes));
            }
            catch (ProtocolViolationException)
            {
                violations++;
            }
        }

        Assert.That(violations, Is.GreaterThan(1000));
    }

    [Test]
    public void A_count_that_the_frame_can_not_hold_allocates_nothing()
    {
        WireWriter writer = new();
        writer.Raw(Convert.FromHexString("03070102AC02017F047E"));
        writer.Varint(int.MaxValue);
        writer.Varint(int.MaxValue);
        var bytes = writer.Written.ToArray();
        var before = GC.GetAllocatedBytesForCurrentThread();
        Assert.That(() => Decode(bytes), Throws.InstanceOf<ProtocolViolationException>());
        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.LessThan(100_000));
    }

    private static byte[] Encode(RangeMessage item)
    {
        using WireWriter writer = new();
        MessageCodec.Encode(writer, item);
        return writer.Written.ToArray();
    }

    private static RangeMessage Decode(ReadOnlySpan<byte> bytes)
    {
        WireReader reader = new(bytes);
        var item = MessageCodec.Decode(ref reader);
        reader.End();
        return item;
    }

    private static Random Seeded()
    {
        var seed = int.TryParse(Environment.GetEnvironmentVariable(ReplayVariable), out var given) ? given : Random.Shared.Next();
        TestContext.Out.WriteLine($"SEED={seed} (replay with {ReplayVariable}={seed})");
        return new(seed);
    }
}
