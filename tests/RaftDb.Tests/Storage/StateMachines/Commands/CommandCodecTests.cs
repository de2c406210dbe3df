using System.Buffers;
using RaftDb.Storage;
using RaftDb.Storage.StateMachines.Commands;
using RaftDb.Storage.StateMachines.Sessions;

namespace RaftDb.Tests.Storage.StateMachines.Commands;

public class CommandCodecTests
{
    private static readonly HybridTimestamp Time = HybridTimestamp.Of(0x0102030405, 0x0607);

    private static readonly TransactionCommand Everything = new(
        Time,
        300,
        [
            new(ConditionKind.Version, "a"u8.ToArray(), 7, default),
            new(ConditionKind.Index, "b"u8.ToArray(), 200, default),
            new(ConditionKind.Value, "c"u8.ToArray(), 0, "v"u8.ToArray()),
            new(ConditionKind.Exists, "d"u8.ToArray(), 1, default),
        ],
        [
            Operation.Put("k"u8.ToArray(), "value"u8.ToArray(), 1000),
            Operation.Delete("l"u8.ToArray()),
            Operation.DeleteRange("m"u8.ToArray(), "n"u8.ToArray(), 64),
        ],
        [Operation.Increment("o"u8.ToArray(), -3), Operation.Get("p"u8.ToArray())]);

    private static readonly TestCaseData[] Golden =
    [
        new TestCaseData(
            new TransactionCommand(Time, 1, [], [Operation.Put("key"u8.ToArray(), "value"u8.ToArray())], []),
            "0101070605040302010001000101036B6579000576616C756500") { TestName = "Golden_plain_put" },
        new TestCaseData(
            Everything,
            "01010706050403020100AC0204010161070201" + "62C801030163017604016401" + "0301016BE8070576616C756502016C03016D016E8001" + "0204016F05050170")
        { TestName = "Golden_everything" },
        new TestCaseData(
            new TransactionCommand(
                Time, 1, [], [Operation.Increment("k"u8.ToArray(), 1)], [], new SessionWrite(new((UInt128)0xA1 << 120 | 0xB2), 300, 299, 2)),
            "0103070605040302010001" + "A10000000000000000000000000000B2" + "AC02AB0202" + "000104016B0200") { TestName = "Golden_session" },
        new TestCaseData(new ExpireSessionsCommand(Time, 1, 3_600_000, 100), "0104070605040302010001" + "80DDDB01" + "64") { TestName = "Golden_expire_sessions" },
        new TestCaseData(new KeepChangesCommand(Time, 1, 300), "0105070605040302010001AC02") { TestName = "Golden_keep_changes" },
        new TestCaseData(new ExpireCommand(Time, 1, 1000), "0102070605040302010001E807") { TestName = "Golden_expire" },
    ];

    [TestCaseSource(nameof(Golden))]
    public void These_bytes_stand_in_logs_for_ever(Command command, string hex)
    {
        Assert.That(Convert.ToHexString(CommandCodec.Encode(command)), Is.EqualTo(hex));
        Assert.That(Convert.ToHexString(CommandCodec.Encode(CommandCodec.Decode(Convert.FromHexString(hex)))), Is.EqualTo(hex));
    }

    [Test]
    public void Decoding_gives_back_what_was_encoded()
    {
        var writer = new ArrayBufferWriter<byte>();
        int size = CommandCodec.Encode(Everything, writer);
        var back = (TransactionCommand)CommandCodec.Decode(writer.WrittenMemory);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(size, Is.EqualTo(writer.WrittenCount).And.EqualTo(CommandCodec.Measure(Everything)));
            Assert.That(back.Time, Is.EqualTo(Time));
            Assert.That(back.Generation, Is.EqualTo(300));
            Assert.That(back.Conditions.Select(c => (c.Kind, StateFixture.Text(c.Key), c.Number, StateFixture.Text(c.Value))), Is.EqualTo(
                Everything.Conditions.Select(c => (c.Kind, StateFixture.Text(c.Key), c.Number, StateFixture.Text(c.Value)))));
            Assert.That(back.Then.Concat(back.Else).Select(Show), Is.EqualTo(Everything.Then.Concat(Everything.Else).Select(Show)));
        }
    }

    [Test]
    public void Every_cut_of_a_command_is_refused_and_not_misread()
    {
        byte[] bytes = CommandCodec.Encode(Everything);
        for (int length = 0; length < bytes.Length; length++)
        {
            Assert.That(() => CommandCodec.Decode(bytes.AsMemory(0, length)), Throws.TypeOf<UnknownCommandException>(), $"cut to {length} bytes");
        }

        Assert.That(() => CommandCodec.Decode((byte[])[.. bytes, 0]), Throws.TypeOf<UnknownCommandException>(), "a byte too many");
    }

    [TestCase(0, 2, "format 2")]
    [TestCase(1, 11, "kind 11")]
    [TestCase(14, 77, "kind 77")]
    public void What_a_newer_version_wrote_is_named(int position, byte value, string named)
    {
        byte[] bytes = CommandCodec.Encode(new TransactionCommand(Time, 1, [], [Operation.Put("key"u8.ToArray(), "value"u8.ToArray())], []));
        bytes[position - (position > 1 ? 1 : 0)] = value;
        Assert.That(() => CommandCodec.Decode(bytes), Throws.TypeOf<UnknownCommandException>().With.Message.Contains(named));
    }

    [Test]
    public void Numbers_take_as_many_bytes_as_measured()
    {
        for (int bits = 0; bits <= 64; bits++)
        {
            ulong number = bits == 64 ? ulong.MaxValue : (1UL << bits) - 1;
            byte[] buffer = new byte[10];
            var writer = new SpanWriter(buffer);
            writer.Number(number);
            var reader = new SpanReader(buffer);
            Assert.That((writer.Position, reader.Number()), Is.EqualTo((SpanWriter.Measure(number), number)), $"{bits} bits");
        }
    }

    [TestCase(0)]
    [TestCase(-1)]
    [TestCase(long.MinValue)]
    [TestCase(long.MaxValue)]
    public void Signed_numbers_come_back(long number)
    {
        byte[] buffer = new byte[10];
        var writer = new SpanWriter(buffer);
        writer.Signed(number);
        Assert.That(new SpanReader(buffer).Signed(), Is.EqualTo(number));
    }

    private static string Show(Operation o) =>
        $"{o.Kind} {StateFixture.Text(o.Key)} {StateFixture.Text(o.Value)} {StateFixture.Text(o.End)} {o.Number} {o.TtlMilliseconds}";
}
