using RaftDb.Storage;
using RaftDb.Storage.StateMachines.Commands;

namespace RaftDb.Tests.Storage.StateMachines.Commands;

internal sealed class CheckMarkTests
{
    [Test]
    public void A_mark_has_bytes_that_stay()
    {
        byte[] mark = CheckMark.Encode(HybridTimestamp.Of(1, 2), 300);
        Assert.That(Convert.ToHexString(mark), Is.EqualTo("0101" + "0200010000000000" + "AC02" + "000000"));
        Assert.That(CheckMark.Is(mark));
    }

    [TestCase(0UL)]
    [TestCase(127UL)]
    [TestCase(128UL)]
    [TestCase(ulong.MaxValue)]
    public void It_is_known_by_whatever_generation(ulong generation) => Assert.That(CheckMark.Is(CheckMark.Encode(default, generation)));

    [Test]
    public void An_older_version_applies_it_as_a_transaction_that_does_nothing()
    {
        using StateFixture state = new();
        state.Do(StateFixture.Put("a", "1"));
        CommandResult result = state.Apply(CommandCodec.Decode(CheckMark.Encode(HybridTimestamp.Of(5000, 0), 1)));
        Assert.That((result.Status, result.Results.Count, state.Dump()), Is.EqualTo((CommandStatus.Done, 0, "a=1")));
    }

    [Test]
    public void No_other_command_is_taken_for_one()
    {
        const int Seed = 20251121;
        Random random = new(Seed);
        for (int round = 0; round < 5000; round++)
        {
            Operation[] operations = [.. Enumerable.Range(0, random.Next(1, 3)).Select(_ => Random(random))];
            ulong generation = (ulong)random.NextInt64(0, 1L << random.Next(1, 62));
            Command command = random.Next(4) switch
            {
                0 => new ExpireCommand(default, generation, random.Next(1, 300)),
                1 => new TransactionCommand(default, generation, [], [], operations),
                2 => new TransactionCommand(default, generation, [new(ConditionKind.Exists, Key(random), 0, default)], [], []),
                _ => new TransactionCommand(default, generation, [], operations, []),
            };
            Assert.That(CheckMark.Is(CommandCodec.Encode(command)), Is.False, $"SEED={Seed}, round {round}: {command}");
        }
    }

    [Test]
    public void Bytes_that_are_cut_or_longer_are_none()
    {
        byte[] mark = CheckMark.Encode(HybridTimestamp.Of(1, 2), 300);
        for (int length = 0; length < mark.Length; length++)
        {
            Assert.That(CheckMark.Is(mark.AsSpan(0, length)), Is.False, $"{length} bytes");
        }

        Assert.That(CheckMark.Is([.. mark, 0]), Is.False);
    }

    private static Operation Random(Random random) => random.Next(3) switch
    {
        0 => Operation.Put(Key(random), new byte[random.Next(2)], random.Next(2)),
        1 => Operation.Delete(Key(random)),
        _ => Operation.Increment(Key(random), random.Next(2)),
    };

    private static byte[] Key(Random random) => new byte[random.Next(1, 3)];
}
