using RaftDb.Raft;
using RaftDb.Server.Ranges.Checks;

namespace RaftDb.Tests.Server.Ranges.Checks;

internal sealed class JudgementTests
{
    [Test]
    public void Equal_answers_condemn_nobody() => Assert.That(Of("a", "a", "a").AllEqual);

    [Test]
    public void One_of_three_that_differs_is_wrong()
    {
        Judgement judgement = Of("a", "b", "a");
        Assert.That((judgement.Right, judgement.AllEqual), Is.EqualTo(("a", false)));
        Assert.That(judgement.Wrong, Is.EqualTo((ReplicaId[])[new(2)]));
    }

    [Test]
    public void Two_answers_that_differ_condemn_nobody()
    {
        Judgement judgement = Of("a", "b");
        Assert.That((judgement.Right, judgement.AllEqual, judgement.Wrong.Count), Is.EqualTo(((string?)null, false, 0)));
    }

    [Test]
    public void A_tie_condemns_nobody() => Assert.That(Of("a", "b", "a", "b").Wrong, Is.Empty);

    [Test]
    public void Three_opinions_condemn_nobody() => Assert.That(Of("a", "b", "c").Wrong, Is.Empty);

    [Test]
    public void Two_equal_of_five_are_no_majority() => Assert.That(Of("a", "a", "b", "c", "d").Wrong, Is.Empty);

    [Test]
    public void Two_different_ones_of_five_are_both_wrong() =>
        Assert.That(Of("a", "a", "b", "a", "c").Wrong, Is.EqualTo((ReplicaId[])[new(3), new(5)]));

    private static Judgement Of(params string[] roots) => Judgement.Of([.. roots.Select((root, i) => (new ReplicaId((ulong)i + 1), root))]);
}
