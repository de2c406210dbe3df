using RaftDb.Cli.Drills.Histories;
using static RaftDb.Tests.Cli.Drills.Histories.Ops;

namespace RaftDb.Tests.Cli.Drills.Histories;

internal sealed class HistoryCheckerTests
{
    [Test]
    public void The_explanation_names_how_far_it_goes_and_what_does_not_fit()
    {
        KeyFinding? finding = HistoryChecker.CheckKey("user/1", [Put(1, 0, 1, 7, 1), Put(1, 2, 3, 8, 2), Read(2, 4, 5, 7) with { Note = "node 3" }]);
        Assert.That(finding?.Explanation.ReplaceLineEndings("\n"), Is.EqualTo(
            """
            user/1: not linearizable. The longest order that fits has 2 of 3 answered operations:
              [0, 1] client 1: put 7 -> done (version 1); then the key is 7 (version 1)
              [2, 3] client 1: put 8 -> done (version 2); then the key is 8 (version 2)
            Now the key is 8 (version 2), and none of these can be next (or all that can lead nowhere):
              [4, 5] client 2: read -> 7 [node 3]

            """));
    }

    [Test]
    public void The_report_has_bad_keys_first_and_counts_what_was_checked()
    {
        History history = new();
        history.Add("other", Put(1, 0, 1, 1));
        history.Add("good", Put(1, 0, 1, 1));
        history.Add("good", Unknown(Put(1, 2, 3, 2)));
        history.Add("bad", Read(1, 0, 1, 1));
        HistoryReport report = HistoryChecker.Check(history);
        Assert.That(report.Verdict, Is.EqualTo(HistoryVerdict.NotLinearizable));
        Assert.That((report.Keys, report.Operations, report.Unknown), Is.EqualTo((3, 4, 1)));
        Assert.That(report.Findings.Select(finding => finding.Key), Is.EqualTo(new[] { "bad" }));
    }

    [Test]
    public void A_search_beyond_its_limits_says_that_it_is_undecided()
    {
        // Writes without versions beside each other, and a last read that nothing explains: every order must be tried.
        List<Operation> operations = [];
        for (int i = 0; i < 14; i++)
        {
            operations.Add(Put(i, 0, 100, i));
            operations.Add(Unknown(Read(i, 0, 100, null)));
        }

        for (int i = 0; i < 14; i++)
        {
            operations.Add(Eventual(20, 200, 201, i));
        }

        operations.Add(Read(1, 300, 301, 999));
        Assert.That(HistoryChecker.CheckKey("k", operations, new() { MaxSteps = 500 })?.Verdict, Is.EqualTo(HistoryVerdict.Undecided));
        Assert.That(HistoryChecker.CheckKey("k", operations, new() { MaxBytes = 10_000 })?.Verdict, Is.EqualTo(HistoryVerdict.Undecided));
    }

    [Test]
    public void An_answer_before_its_question_is_refused() =>
        Assert.That(() => new History().Add("k", Put(1, 5, 4, 1)), Throws.ArgumentException);

    [Test]
    public void Long_histories_of_many_keys_are_checked_within_few_steps()
    {
        History history = new();
        for (int key = 0; key < 200; key++)
        {
            RandomHistory one = new(new Random(key)) { Clients = 16 + (key % 49), Counts = key % 4 == 0, Deletes = key % 3 == 0, UnknownShare = 0.02 };
            foreach (Operation operation in one.Make(500))
            {
                history.Add($"key {key}", operation);
            }
        }

        HistoryReport report = HistoryChecker.Check(history, new SearchLimits { MaxSteps = 20_000 });
        Assert.That(report.Findings.Select(finding => finding.Explanation), Is.Empty);
        Assert.That(report.Operations, Is.AtLeast(100_000));
    }

    [TestCase(true, false, 4_000_000)]
    [TestCase(true, true, 5_000)]
    [TestCase(false, true, 5_000)]
    [TestCase(false, false, 100_000)]
    public void Hundreds_of_unknown_outcomes_on_one_key_do_not_explode(bool versions, bool counts, int steps)
    {
        RandomHistory one = new(new Random(5)) { Clients = 32, Counts = counts, TellsVersions = versions, UnknownShare = 0.3 };
        List<Operation> history = one.Make(2000);
        Assert.That(history.Count(operation => operation.Outcome == OperationOutcome.Unknown), Is.GreaterThan(250));
        Assert.That(HistoryChecker.CheckKey("k", history, new SearchLimits { MaxSteps = steps })?.Explanation, Is.Null);
    }

    [TestCase(true)]
    [TestCase(false)]
    public void One_stale_read_in_a_long_history_with_many_unknown_outcomes_is_found(bool versions)
    {
        for (int seed = 1; seed <= 10; seed++)
        {
            RandomHistory one = new(new Random(seed)) { Clients = 16, TellsVersions = versions, UnknownShare = 0.1 };
            List<Operation> history = one.Make(600);
            List<Operation> reads = [.. history.Where(read => read is { Kind: OperationKind.Read, Promise: ReadPromise.Linearizable, Value: not null })];
            Operation old = reads[reads.Count / 4];
            Operation spoiled = reads[reads.Count * 3 / 4];
            history[history.IndexOf(spoiled)] = spoiled with { Value = old.Value, Version = old.Version };
            KeyFinding? finding = HistoryChecker.CheckKey("k", history);
            Assert.That((finding?.Verdict, finding?.Broken), Is.EqualTo((HistoryVerdict.NotLinearizable, ReadPromise.Linearizable)), $"seed {seed}");
        }
    }

    [Test]
    public void A_hundred_thousand_operations_on_one_key_are_decided()
    {
        RandomHistory one = new(new Random(9)) { Clients = 32, UnknownShare = 0.01, Deletes = false, WeakReads = false };
        Assert.That(HistoryChecker.CheckKey("k", one.Make(100_000))?.Explanation, Is.Null);
    }
}
