using RaftDb.Cli.Drills.Histories;

namespace RaftDb.Tests.Cli.Drills.Histories;

/// <summary>RAFTDB_SEED=n replays one seed.</summary>
internal sealed class RandomHistoryTests
{
    private static int FirstSeed => TestSeed.Draw();

    private static int Seeds(int usual) => TestSeed.IsGiven ? 1 : usual;

    [Test]
    public void Histories_of_a_real_register_are_accepted()
    {
        int first = FirstSeed;
        for (int seed = first; seed != first + Seeds(300); seed++)
        {
            List<Operation> history = Some(new Random(seed)).Make(120);
            KeyFinding? finding = HistoryChecker.CheckKey("k", history);
            Assert.That(finding, Is.Null, () => $"RAFTDB_SEED={seed}\n{finding!.Explanation}\n{string.Join('\n', HistoryText.Lines(history, 1))}");
        }
    }

    [Test]
    public void Small_histories_good_and_spoiled_get_the_verdict_of_trying_every_order()
    {
        int first = FirstSeed;
        int refused = 0;
        int seeds = Seeds(20000);
        for (int seed = first; seed != first + seeds; seed++)
        {
            Random random = new(seed);
            List<Operation> history = Some(random).Make(random.Next(2, 8));
            for (int spoil = random.Next(4); spoil > 0; spoil--)
            {
                Spoil(random, history);
            }

            // Right or wrong, places are only where the search begins.
            for (int i = 0; i < history.Count; i++)
            {
                history[i] = history[i] with { Place = random.Next(3) == 0 ? null : (ulong)random.Next(10) };
            }

            bool expected = BruteForce.Accepts(history);
            refused += expected ? 0 : 1;
            KeyFinding? finding = HistoryChecker.CheckKey("k", history);
            Assert.That(finding is null, Is.EqualTo(expected), () => $"RAFTDB_SEED={seed}\n{finding?.Explanation}\n{string.Join('\n', HistoryText.Lines(history, 1))}");
            Assert.That(finding?.Verdict, Is.Not.EqualTo(HistoryVerdict.Undecided));
        }

        TestContext.Out.WriteLine($"RAFTDB_SEED={first} and following; {refused} of {seeds} were bad.");
        Assert.That(seeds == 1 || (refused > seeds / 20 && refused < seeds * 19 / 20), Is.True, "both verdicts must be common for this test to mean something");
    }

    private static RandomHistory Some(Random random) => new(random)
    {
        Clients = random.Next(1, 6),
        UnknownShare = random.Next(4) * 0.1,
        TellsVersions = random.Next(3) > 0,
        Deletes = random.Next(3) > 0,
        Counts = random.Next(4) == 0,
        WeakReads = random.Next(3) > 0,
    };

    private static void Spoil(Random random, List<Operation> history)
    {
        int i = random.Next(history.Count);
        Operation one = history[i];
        history[i] = random.Next(7) switch
        {
            0 => one with { Value = one.Kind is OperationKind.Put or OperationKind.Delete or OperationKind.CompareAndSet ? one.Value : random.Next(4) == 0 ? null : random.Next(6), Version = null },
            1 when one.Version is { } version => one with { Version = version + 1 },
            2 when one is { Outcome: OperationOutcome.Answered, Kind: OperationKind.Delete or OperationKind.CompareAndSet } => one with { Succeeded = !one.Succeeded },
            3 when one.Kind != OperationKind.Read => Ops.Failed(one),
            4 when one.Kind != OperationKind.Read => Ops.Unknown(one),
            5 when one.Outcome == OperationOutcome.Answered => one with { Invoked = one.Invoked + 30, Responded = one.Responded + 30 },
            _ => one with { Argument = random.Next(6) },
        };
        if (history[i] is { Kind: OperationKind.Increment, Outcome: OperationOutcome.Answered, Value: null })
        {
            history[i] = history[i] with { Value = 1 };
        }
    }
}
