using System.Diagnostics;

namespace RaftDb.Tests.Raft.RandomScheduler;

/// <summary>Runs whole groups under random faults. <c>RAFTDB_SEEDS=7</c> or <c>RAFTDB_SEEDS=1..100000</c> chooses the seeds.</summary>
public sealed class RandomSchedulerTests
{
    private const ulong DefaultSeeds = 2_000;
    private const ulong SeedsPerCase = 250;

    private static IEnumerable<TestCaseData> Cases()
    {
        var (first, last) = Seeds();
        for (var from = first; from <= last; from += SeedsPerCase)
        {
            var to = Math.Min(last, from + SeedsPerCase - 1);
            yield return new TestCaseData(from, to).SetArgDisplayNames($"seeds {from} to {to}");
        }
    }

    [TestCaseSource(nameof(Cases))]
    public void A_group_stays_safe_under_faults_and_recovers_after_them(ulong first, ulong last)
    {
        TestContext.Progress.WriteLine($"SEED={first}..{last} replay: {Replay($"{first}..{last}")}");
        var marks = new Marks();
        var stopwatch = Stopwatch.StartNew();
        for (var seed = first; seed <= last; seed++)
        {
            var run = new SeededRun(seed);
            try
            {
                run.Run();
            }
            catch (Exception exception)
            {
                Assert.Fail(
                    $"SEED={seed} replay: {Replay(seed.ToString())}{Environment.NewLine}{exception.Message}{Environment.NewLine}" +
                    $"{run.Report()}{Environment.NewLine}{exception}");
            }

            marks.Add(run.Marks);
            marks.Hit("events", run.Events);
        }

        TestContext.Progress.WriteLine($"{stopwatch.Elapsed.TotalSeconds:F1} s: {marks}");
        if (last - first + 1 == SeedsPerCase)
        {
            AssertReached(marks);
        }
    }

    [Test]
    public void A_seed_always_means_the_same_run()
    {
        foreach (var seed in (ulong[])[3, 4, 5])
        {
            var first = new SeededRun(seed);
            first.Run();
            var second = new SeededRun(seed);
            second.Run();

            Assert.That(second.Digest, Is.EqualTo(first.Digest), $"SEED={seed}");
            Assert.That(second.Events, Is.EqualTo(first.Events), $"SEED={seed}");
        }
    }

    /// <summary>Seeds that never get into these situations would prove little.</summary>
    private static void AssertReached(Marks marks)
    {
        foreach (var name in (string[])
            [
                "acknowledged", "commits", "elections", "conflicts overwritten", "snapshots installed", "compactions",
                "simple configurations", "joint configurations", "transfers done", "transfers failed", "reads confirmed",
                "reads refused", "leases held", "quiet leaders", "crashes", "crashes of leaders", "pauses", "partitions",
            ])
        {
            Assert.That(marks[name], Is.GreaterThan(0), $"no seed reached \"{name}\": {marks}");
        }
    }

    private static string Replay(string seeds) =>
        $"RAFTDB_SEEDS={seeds} dotnet test tests/RaftDb.Tests --filter \"FullyQualifiedName~A_group_stays_safe\"";

    private static (ulong First, ulong Last) Seeds()
    {
        var text = Environment.GetEnvironmentVariable("RAFTDB_SEEDS");
        if (string.IsNullOrEmpty(text))
        {
            return (1, DefaultSeeds);
        }

        var bounds = text.Split("..").Select(ulong.Parse).ToArray();
        return (bounds[0], bounds[^1]);
    }
}
