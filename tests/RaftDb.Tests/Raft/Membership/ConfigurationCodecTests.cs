using RaftDb.Raft.Membership;

namespace RaftDb.Tests.Raft.Membership;

public sealed class ConfigurationCodecTests
{
    private static readonly Configuration Joint = new()
    {
        Voters = [new(1), new(300)],
        OutgoingVoters = [new(1), new(2)],
        Learners = [new(ulong.MaxValue)],
        LearnersNext = [new(2)],
        AutoLeave = true,
    };

    private static readonly ConfigurationChange Change = new(
        [
            new(ConfigurationChangeKind.AddVoter, new(300)),
            new(ConfigurationChangeKind.AddLearner, new(2)),
            new(ConfigurationChangeKind.Remove, new(127)),
        ],
        ConfigurationTransition.JointExplicitLeave);

    [Test]
    public void Golden_bytes_of_configurations()
    {
        AssertBytes(Configuration.Empty, "01 00 00 00 00 00");
        AssertBytes(Configuration.OfVoters(new(1), new(2), new(3)), "01 00 03 01 02 03 00 00 00");
        AssertBytes(Joint, "01 01 02 01 AC 02 02 01 02 01 FF FF FF FF FF FF FF FF FF 01 01 02");
    }

    [Test]
    public void Golden_bytes_of_changes()
    {
        AssertChangeBytes(ConfigurationChange.LeaveJoint, "01 00 00");
        AssertChangeBytes(Change, "01 02 03 01 AC 02 02 02 03 7F");
        AssertChangeBytes(Change with { Context = new byte[] { 9, 8, 7 } }, "02 02 03 01 AC 02 02 02 03 7F 03 09 08 07");
    }

    [TestCase("", "ends early")]
    [TestCase("02 00 00 00 00 00", "unknown format 2")]
    [TestCase("01 02 00 00 00 00", "unknown flags 2")]
    [TestCase("01 00 00 00 00", "ends early")]
    [TestCase("01 00 00 00 00 00 00", "1 bytes too many")]
    [TestCase("01 00 81 00 01 00 00 00", "longer than needed")]
    [TestCase("01 00 01 FF FF FF FF FF FF FF FF FF 02 00 00 00", "more than 64 bits")]
    [TestCase("01 00 01 FF FF FF FF FF FF FF FF FF FF 00 00 00", "more than 64 bits")]
    [TestCase("01 00 FF FF FF FF 0F 01 00 00 00", "don't fit")]
    [TestCase("01 00 02 02 01 00 00 00", "ascending")]
    [TestCase("01 00 02 01 01 00 00 00", "ascending")]
    [TestCase("01 00 01 00 00 00 00", "replica 0")]
    [TestCase("01 00 01 01 00 01 01 00", "a voter and a learner")]
    [TestCase("01 01 01 01 00 00 00", "automatically")]
    public void Anything_else_is_no_configuration(string hex, string why) =>
        Assert.That(
            () => ConfigurationCodec.Decode(Bytes(hex)),
            Throws.InstanceOf<ConfigurationFormatException>().With.Message.Contains(why));

    [TestCase("03 00 00", "unknown format 3")]
    [TestCase("02 00 00", "ends early")]
    [TestCase("02 00 00 00", "a context without bytes")]
    [TestCase("02 00 00 02 01", "don't fit")]
    [TestCase("02 00 00 01 01 01", "1 bytes too many")]
    [TestCase("01 03 00", "unknown transition 3")]
    [TestCase("01 00 01 00 05", "unknown kind of change 0")]
    [TestCase("01 00 01 04 05", "unknown kind of change 4")]
    [TestCase("01 00 02 01 05", "don't fit")]
    [TestCase("01 00 01 01 05 00", "1 bytes too many")]
    public void Anything_else_is_no_change(string hex, string why) =>
        Assert.That(
            () => ConfigurationCodec.DecodeChange(Bytes(hex)),
            Throws.InstanceOf<ConfigurationFormatException>().With.Message.Contains(why));

    [Test]
    public void Random_bytes_decode_to_what_encodes_to_the_same_bytes_or_are_refused()
    {
        const int Seed = 4711;
        var random = new Random(Seed);
        var decoded = 0;
        for (var round = 0; round < 20_000; round++)
        {
            byte[] bytes = [(byte)(1 + (round % 2)), .. Enumerable.Range(0, random.Next(12)).Select(_ => (byte)random.Next(4))];
            decoded += Survives(bytes, b => ConfigurationCodec.Encode(ConfigurationCodec.Decode(b))) ? 1 : 0;
            decoded += Survives(bytes, b => ConfigurationCodec.EncodeChange(ConfigurationCodec.DecodeChange(b))) ? 1 : 0;
        }

        Assert.That(decoded, Is.GreaterThan(100), $"SEED={Seed}: the generator must reach both outcomes");

        static bool Survives(byte[] bytes, Func<byte[], byte[]> roundTrip)
        {
            try
            {
                Assert.That(roundTrip(bytes), Is.EqualTo(bytes), $"SEED={Seed}");
                return true;
            }
            catch (ConfigurationFormatException)
            {
                return false;
            }
        }
    }

    private static void AssertBytes(Configuration configuration, string hex)
    {
        Assert.That(ConfigurationCodec.Encode(configuration), Is.EqualTo(Bytes(hex)));
        Assert.That(ConfigurationCodec.Decode(Bytes(hex)), Is.EqualTo(configuration));
    }

    private static void AssertChangeBytes(ConfigurationChange change, string hex)
    {
        Assert.That(ConfigurationCodec.EncodeChange(change), Is.EqualTo(Bytes(hex)));
        var decoded = ConfigurationCodec.DecodeChange(Bytes(hex));
        Assert.That(decoded.Transition, Is.EqualTo(change.Transition));
        Assert.That(decoded.Changes, Is.EqualTo(change.Changes));
        Assert.That(decoded.Context.ToArray(), Is.EqualTo(change.Context.ToArray()));
    }

    private static byte[] Bytes(string hex) => Convert.FromHexString(hex.Replace(" ", ""));
}
