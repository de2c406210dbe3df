using RaftDb.Cli.Drills.Histories;
using static RaftDb.Tests.Cli.Drills.Histories.Ops;

namespace RaftDb.Tests.Cli.Drills.Histories;

/// <summary>Histories whose verdict is known, good ones and bad ones, side by side where they differ in one thing.</summary>
internal sealed class KnownHistoryTests
{
    private const ReadPromise Strong = ReadPromise.Linearizable;

    [TestCaseSource(nameof(GoodHistories))]
    public void A_good_history_is_accepted(Operation[] operations)
    {
        Assert.That(HistoryChecker.CheckKey("k", operations)?.Explanation, Is.Null);
        Assert.That(BruteForce.Accepts(operations), Is.True, "the other checker");
    }

    [TestCaseSource(nameof(BadHistories))]
    public void A_bad_history_is_refused_and_its_broken_promise_named(ReadPromise broken, Operation[] operations)
    {
        KeyFinding? finding = HistoryChecker.CheckKey("k", operations);
        Assert.That(finding?.Verdict, Is.EqualTo(HistoryVerdict.NotLinearizable));
        Assert.That(finding!.Broken, Is.EqualTo(broken), finding.Explanation);
        Assert.That(BruteForce.Accepts(operations), Is.False, "the other checker");
    }

    private static IEnumerable<TestCaseData> GoodHistories()
    {
        yield return Good("nothing at all");
        yield return Good("only failed writes", Failed(Put(1, 0, 5, 7)), Read(1, 6, 7, null));
        yield return Good("a read of what was put", Put(1, 0, 1, 7), Read(2, 2, 3, 7));
        yield return Good("a read beside a put sees the old value", Put(1, 0, 1, 7), Put(1, 2, 9, 8), Read(2, 3, 4, 7));
        yield return Good("a read beside a put sees the new value, later ones too", Put(1, 0, 1, 7), Put(1, 2, 9, 8), Read(2, 3, 4, 8), Read(3, 5, 6, 8));
        yield return Good("the write of a slow put may come before the one that began and ended inside it", Put(1, 0, 9, 7), Put(2, 2, 4, 8), Read(3, 10, 11, 8));
        yield return Good("or after it", Put(1, 0, 9, 7), Put(2, 2, 4, 8), Read(3, 10, 11, 7));
        yield return Good("an answer at the very moment of a question is beside it", Put(1, 0, 5, 7), Read(2, 5, 6, null));
        yield return Good("an unknown write that is never seen", Put(1, 0, 1, 7), Unknown(Put(2, 2, 3, 8)), Read(3, 4, 5, 7));
        yield return Good("an unknown write that is seen", Put(1, 0, 1, 7), Unknown(Put(2, 2, 3, 8)), Read(3, 4, 5, 8));
        yield return Good("an unknown write that is seen late", Put(1, 0, 1, 7), Unknown(Put(2, 2, 3, 8)), Read(3, 4, 5, 7), Read(3, 100, 101, 8), Read(1, 102, 103, 8));
        yield return Good("two unknown writes seen in the order in which nobody sent them", Unknown(Put(1, 0, 1, 7)), Unknown(Put(2, 2, 3, 8)), Read(3, 4, 5, 8), Read(3, 6, 7, 7));
        yield return Good("an unknown write that only the version tells of", Put(1, 0, 1, 7, 1), Unknown(Put(2, 2, 3, 8)), Put(3, 4, 5, 9, 3));
        yield return Good("three unknown writes and a version that grew by two", Put(1, 0, 1, 1, 1), Unknown(Put(2, 2, 3, 2)), Unknown(Put(3, 2, 3, 3)), Unknown(Put(4, 2, 3, 4)), Put(1, 4, 5, 5, 4), Read(1, 6, 7, 5, 4));
        yield return Good("an unknown delete explains absence", Put(1, 0, 1, 7), Unknown(Delete(2, 2, 3)), Read(3, 4, 5, null));
        yield return Good("versions start again after a delete", Put(1, 0, 1, 7, 1), Put(1, 2, 3, 8, 2), Delete(1, 4, 5), Put(1, 6, 7, 9, 1), Read(2, 8, 9, 9, 1));
        yield return Good("a delete of nothing", Delete(1, 0, 1, deleted: false), Put(1, 2, 3, 7, 1));
        yield return Good("two deletes beside each other, one finds nothing", Put(1, 0, 1, 7), Delete(2, 2, 9), Delete(3, 3, 8, deleted: false));
        yield return Good("a condition that held", Put(1, 0, 1, 7, 1), Cas(2, 2, 3, 1, 8, 2), Read(1, 4, 5, 8, 2));
        yield return Good("a condition that failed names the version", Put(1, 0, 1, 7, 1), Put(1, 2, 3, 8, 2), CasFailed(2, 4, 5, 1, 9, 2), Read(1, 6, 7, 8, 2));
        yield return Good("of two conditions on one version one holds", Put(1, 0, 1, 7, 1), Cas(2, 2, 9, 1, 8, 2), CasFailed(3, 2, 9, 1, 9, 2), Read(1, 10, 11, 8, 2));
        yield return Good("of two creations one holds", Cas(2, 0, 9, 0, 8, 1), CasFailed(3, 0, 9, 0, 9, 1));
        yield return Good("an unknown condition that held makes another fail", Put(1, 0, 1, 7, 1), Unknown(Cas(2, 2, 3, 1, 8)), CasFailed(3, 4, 5, 1, 9, 2));
        yield return Good("increments beside each other", Increment(1, 0, 9, 1, 2), Increment(2, 0, 9, 1, 1), Increment(3, 0, 9, 1, 3), Read(1, 10, 11, 3));
        yield return Good("an unknown increment that was done", Increment(1, 0, 1, 1, 1), Unknown(Increment(2, 2, 3, 1, null)), Increment(1, 4, 5, 1, 3));
        yield return Good("an unknown increment that is done later", Increment(1, 0, 1, 1, 1), Unknown(Increment(2, 2, 3, 1, null)), Read(3, 4, 5, 1), Increment(1, 6, 7, 1, 2), Read(3, 8, 9, 3));
        yield return Good("an increment of what was put", Put(1, 0, 1, 40), Increment(2, 2, 3, 2, 42, 2), Read(1, 4, 5, 42, 2));
        yield return Good("the same value written twice", Put(1, 0, 1, 7), Put(2, 2, 3, 8), Put(3, 4, 5, 7), Read(1, 6, 7, 7));
        yield return Good("a bounded read that is as stale as it may be", Put(1, 0, 1, 7), Put(1, 10, 11, 8), Bounded(2, 20, 21, 7, 9));
        yield return Good("a bounded read that is fresh", Put(1, 0, 1, 7), Put(1, 10, 11, 8), Bounded(2, 20, 21, 8, 9));
        yield return Good("two session reads that took no time, at one moment, in either order", Put(1, 0, 1, 7), Put(1, 10, 11, 8), Session(2, 20, 20, 8), Session(2, 20, 20, 7));
        yield return Good("a session read behind what others did", Put(1, 0, 1, 7), Put(1, 10, 11, 8), Session(2, 20, 21, 7));
        yield return Good("a session read after its own write", Put(1, 0, 1, 7), Put(2, 10, 11, 8), Put(1, 12, 13, 9), Session(2, 20, 21, 8));
        yield return Good("an unknown write makes no session", Put(1, 0, 1, 7), Unknown(Put(2, 10, 11, 8)), Session(2, 20, 21, 7), Read(1, 30, 31, 8));
        yield return Good("eventual reads go back and forth", Put(1, 0, 1, 7), Put(1, 2, 3, 8), Eventual(2, 4, 5, 8), Eventual(2, 6, 7, 7), Eventual(2, 8, 9, null));
        yield return Good("session reads of two clients go forward each by itself", Put(1, 0, 1, 7), Put(1, 2, 3, 8), Session(2, 4, 5, 8), Session(3, 6, 7, 7), Session(3, 8, 9, 8));
    }

    private static IEnumerable<TestCaseData> BadHistories()
    {
        yield return Bad("a stale read", Strong, Put(1, 0, 1, 7), Put(1, 2, 3, 8), Read(2, 4, 5, 7));
        yield return Bad("absent after a put", Strong, Put(1, 0, 1, 7), Read(2, 2, 3, null));
        yield return Bad("a value that nobody wrote", Strong, Put(1, 0, 1, 7), Read(2, 2, 3, 9));
        yield return Bad("a value before anybody wrote it", Strong, Read(2, 0, 1, 7), Put(1, 2, 3, 7));
        yield return Bad("a read that goes back, beside the write", Strong, Put(1, 0, 1, 7), Put(1, 2, 20, 8), Read(2, 3, 4, 8), Read(3, 5, 6, 7));
        yield return Bad("a lost update", Strong, Put(1, 0, 1, 7, 1), Put(2, 2, 3, 8, 2), Read(1, 4, 5, 7, 1));
        yield return Bad("two puts that got the same version", Strong, Put(1, 0, 9, 7, 1), Put(2, 0, 9, 8, 1));
        yield return Bad("a version that skips without an unknown write", Strong, Put(1, 0, 1, 7, 1), Put(2, 2, 3, 8, 3));
        yield return Bad("a version that grew by more than the unknown writes", Strong, Put(1, 0, 1, 7, 1), Unknown(Put(2, 2, 3, 8)), Put(3, 4, 5, 9, 4));
        yield return Bad("a dirty read of a failed write", Strong, Put(1, 0, 1, 7), Failed(Put(2, 2, 3, 8)), Read(3, 4, 5, 8));
        yield return Bad("a failed write that counted", Strong, Put(1, 0, 1, 7, 1), Failed(Put(2, 2, 3, 8)), Put(3, 4, 5, 9, 3));
        yield return Bad("an unknown write seen and then unseen", Strong, Put(1, 0, 1, 7), Unknown(Put(2, 2, 3, 8)), Read(3, 4, 5, 8), Read(3, 6, 7, 7));
        yield return Bad("an unknown write seen before it was sent", Strong, Put(1, 0, 1, 7), Read(3, 2, 3, 8), Unknown(Put(2, 4, 5, 8)));
        yield return Bad("an unknown write done twice", Strong, Put(1, 0, 1, 7, 1), Unknown(Put(2, 2, 3, 8)), Read(3, 4, 5, 8, 2), Put(1, 6, 7, 9, 3), Read(3, 8, 9, 8, 4));
        yield return Bad("a deleted key that comes back", Strong, Put(1, 0, 1, 7), Delete(1, 2, 3), Read(2, 4, 5, null), Read(2, 6, 7, 7));
        yield return Bad("two deletes of one key, one after the other", Strong, Put(1, 0, 1, 7), Delete(2, 2, 3), Delete(3, 4, 5));
        yield return Bad("a delete that found nothing though it was there", Strong, Put(1, 0, 1, 7), Delete(2, 2, 3, deleted: false));
        yield return Bad("a version that goes on after a delete", Strong, Put(1, 0, 1, 7, 1), Delete(1, 2, 3), Put(1, 4, 5, 8, 2));
        yield return Bad("two conditions on one version held", Strong, Put(1, 0, 1, 7, 1), Cas(2, 2, 9, 1, 8, 2), Cas(3, 2, 9, 1, 9, 2));
        yield return Bad("two creations held", Strong, Cas(2, 0, 9, 0, 8), Cas(3, 0, 9, 0, 9));
        yield return Bad("a condition that failed though it held", Strong, Put(1, 0, 1, 7, 1), CasFailed(2, 2, 3, 1, 8));
        yield return Bad("a condition that held on a version long gone", Strong, Put(1, 0, 1, 7, 1), Put(1, 2, 3, 8, 2), Cas(2, 4, 5, 1, 9, 2));
        yield return Bad("a failed condition that was done", Strong, Put(1, 0, 1, 7, 1), CasFailed(2, 2, 3, 5, 8, 1), Read(1, 4, 5, 8, 2));
        yield return Bad("an increment done twice", Strong, Increment(1, 0, 1, 1, 1), Increment(2, 2, 3, 1, 3));
        yield return Bad("an unknown increment done twice", Strong, Increment(1, 0, 1, 1, 1), Unknown(Increment(2, 2, 3, 1, null)), Read(1, 4, 5, 3));
        yield return Bad("a lost increment", Strong, Increment(1, 0, 9, 1, 1), Increment(2, 0, 9, 1, 1));
        yield return Bad("a sum that goes back", Strong, Increment(1, 0, 1, 5, 5), Unknown(Increment(2, 0, 1, 5, null)), Read(3, 2, 3, 10), Read(3, 4, 5, 5));
        yield return Bad("a value back after another was read between, though its writer wrote once", Strong,
            Put(1, 0, 1, 7), Unknown(Put(2, 2, 3, 8)), Unknown(Put(3, 2, 3, 9)), Read(4, 4, 5, 8), Read(4, 6, 7, 9), Read(4, 8, 9, 8));
        yield return Bad("a bounded read staler than its bound", ReadPromise.Bounded, Put(1, 0, 1, 7), Put(1, 10, 11, 8), Bounded(2, 21, 22, 7, 9));
        yield return Bad("a bounded read of the future", ReadPromise.Bounded, Put(1, 0, 1, 7), Bounded(2, 2, 3, 8, 100), Put(1, 10, 11, 8));
        yield return Bad("bounded reads that contradict the order of the writes", ReadPromise.Bounded,
            Put(1, 0, 9, 7), Put(2, 0, 9, 8), Read(1, 20, 21, 7), Bounded(3, 20, 21, 8, 5));
        yield return Bad("a session read that took no time, at the moment of its client's last answer, goes back behind it", ReadPromise.Session, Put(1, 0, 1, 7), Put(1, 10, 11, 8), Session(2, 12, 20, 8), Session(2, 20, 20, 7));
        yield return Bad("a session read behind its own write", ReadPromise.Session, Put(1, 0, 1, 7), Put(2, 2, 3, 8), Session(2, 4, 5, 7));
        yield return Bad("a session read behind its own delete", ReadPromise.Session, Put(1, 0, 1, 7), Delete(2, 2, 3), Session(2, 4, 5, 7));
        yield return Bad("a session read behind an earlier one", ReadPromise.Session, Put(1, 0, 1, 7), Put(1, 2, 3, 8), Session(2, 4, 5, 8), Session(2, 6, 7, 7));
        yield return Bad("a session read behind an eventual one", ReadPromise.Session, Put(1, 0, 1, 7), Put(1, 2, 3, 8), Eventual(2, 4, 5, 8), Session(2, 6, 7, 7));
        yield return Bad("a session read that goes back to absence", ReadPromise.Session, Put(1, 0, 1, 7), Session(2, 2, 3, 7), Session(2, 4, 5, null));
        yield return Bad("an eventual read of what nobody wrote", ReadPromise.Eventual, Put(1, 0, 1, 7), Eventual(2, 2, 3, 9));
        yield return Bad("an eventual read of a failed write", ReadPromise.Eventual, Put(1, 0, 1, 7), Failed(Put(1, 2, 3, 8)), Eventual(2, 4, 5, 8));
        yield return Bad("an eventual read of what is written later", ReadPromise.Eventual, Eventual(2, 0, 1, 7), Put(1, 2, 3, 7));
    }

    private static TestCaseData Good(string name, params Operation[] operations) => new TestCaseData([operations]).SetArgDisplayNames(name);

    private static TestCaseData Bad(string name, ReadPromise broken, params Operation[] operations) =>
        new TestCaseData(broken, operations).SetArgDisplayNames(name);
}
