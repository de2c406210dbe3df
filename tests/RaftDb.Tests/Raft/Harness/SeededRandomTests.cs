namespace RaftDb.Tests.Raft.Harness;

public sealed class SeededRandomTests
{
    [Test]
    public void A_seed_means_the_same_numbers_forever()
    {
        var random = new SeededRandom(1);

        Assert.That(
            new[] { random.Next(), random.Next(), random.Next() },
            Is.EqualTo(new[] { 0xB3F2AF6D0FC710C5UL, 0x853B559647364CEAUL, 0x92F89756082A4514UL }));
    }

    [Test]
    public void Ranges_include_what_they_say()
    {
        var random = new SeededRandom(7);
        var drawn = Enumerable.Range(0, 1_000).Select(_ => random.Between(-1, 2)).Distinct().Order();

        Assert.That(drawn, Is.EqualTo(new long[] { -1, 0, 1, 2 }));
        Assert.That(Enumerable.Range(0, 1_000).Select(_ => random.Below(3)).Distinct().Order(), Is.EqualTo(new[] { 0, 1, 2 }));
    }
}
