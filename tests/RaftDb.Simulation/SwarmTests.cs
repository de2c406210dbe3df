using System.Diagnostics;
using NUnit.Framework;
using RaftDb.Raft;
using RaftDb.Simulation.Core;

namespace RaftDb.Simulation;

/// <summary>What every change must survive: new seeds, the same trace twice, and planted bugs that are found.</summary>
internal sealed class SwarmTests
{
    private const ulong SeedsPerCase = 75;

    /// <summary>So many planted bugs are hunted at least, however slow the machine is.</summary>
    private const int LeastMutants = 8;

    /// <summary>After this long no further one is begun.</summary>
    private static readonly TimeSpan MutantTime = TimeSpan.FromSeconds(60);

    /// <summary>Those that take more seeds than a short test has time for: the table in docs/testing.md says how many.</summary>
    private static readonly HashSet<string> Slow =
    [
        nameof(Mutants.AcknowledgedMarkTooFar), nameof(Mutants.FsyncFailureIgnored), nameof(Mutants.LeaseKeptOverTransfer), nameof(Mutants.PreviousEntryNotCompared), nameof(Mutants.StaleCompletionAccepted),
        nameof(Mutants.VoterForgetsTheLease), nameof(Mutants.ReadContextsRestart), nameof(Mutants.EarlierReplicaBegunAgain), nameof(Mutants.SuspicionIgnored),
        nameof(Mutants.SegmentEndNotNamed),
    ];

    /// <summary>New ones each time; every case prints its own, and a failure how to repeat it.</summary>
    private static readonly ulong FirstSeed = ((ulong)DateTimeOffset.UtcNow.ToUnixTimeSeconds() % 10_000_000) * 1000;

    [Test]
    [Parallelizable(ParallelScope.Children)]
    public void A_cluster_stays_safe_under_faults_and_recovers_after_them([Values(0, 1, 2, 3)] int part)
    {
        ulong first = FirstSeed + ((ulong)part * SeedsPerCase);
        ulong last = first + SeedsPerCase - 1;
        TestContext.Progress.WriteLine($"SEED={first}..{last} replay: dotnet run --project tests/RaftDb.Simulation -c Release -- --seeds {first}..{last}");
        Marks marks = new();
        for (ulong seed = first; seed <= last; seed++)
        {
            SeedResult result = SeedResult.Of(seed, null, null);
            marks.Add(result.Marks);
            Assert.That(
                result.Failure, Is.Null,
                $"SEED={seed} replay: dotnet run --project tests/RaftDb.Simulation -c Release -- --seed {seed}{Environment.NewLine}{result.Report}");
        }

        TestContext.Progress.WriteLine(marks.ToString());
        foreach (string mark in (string[])["leaders elected", "Put", "Get", "GetBounded", "ScanAccounts", "fault: PowerCut", "fault: Partition", "suffixes replaced", "B7 messages doubled", "H1 state fell back at a crash"])
        {
            Assert.That(marks[mark], Is.Positive, $"no seed came to \"{mark}\": {marks}");
        }
    }

    /// <summary>For nights: an hour or so. The command line runs any number as well.</summary>
    [Test]
    [Explicit("takes an hour")]
    [Category("Slow")]
    public void A_cluster_stays_safe_in_ten_thousand_runs_in_which_every_known_failure_comes_up()
    {
        ulong last = FirstSeed + 9_999;
        TestContext.Progress.WriteLine($"SEED={FirstSeed}..{last} replay: dotnet run --project tests/RaftDb.Simulation -c Release -- --seeds {FirstSeed}..{last} --coverage");
        Marks marks = new();
        for (ulong seed = FirstSeed; seed <= last; seed++)
        {
            SeedResult result = SeedResult.Of(seed, null, null);
            marks.Add(result.Marks);
            Assert.That(
                result.Failure, Is.Null,
                $"SEED={seed} replay: dotnet run --project tests/RaftDb.Simulation -c Release -- --seed {seed}{Environment.NewLine}{result.Report}");
        }

        Assert.That(Checks.Coverage.Write(marks, TestContext.Progress), Is.Empty, "rows that never came up");
    }

    [Test]
    [Parallelizable(ParallelScope.Children)]
    public void A_seed_always_means_the_same_run([Values(3UL, 5UL, 8UL)] ulong seed)
    {
        SeedResult first = SeedResult.Of(seed, null, null);
        SeedResult second = SeedResult.Of(seed, null, null);

        Assert.That((second.Hash, second.VirtualNanoseconds, second.Marks["events"]), Is.EqualTo((first.Hash, first.VirtualNanoseconds, first.Marks["events"])), $"SEED={seed}");
    }

    /// <summary>Another sample each time, as many as the time allows; all of them: --mutants on the command line.</summary>
    [Test]
    public void Planted_bugs_are_found()
    {
        Stopwatch clock = Stopwatch.StartNew();
        int begin = (int)(FirstSeed / 1000 % (ulong)Mutants.All.Count);
        int found = 0;
        for (int i = 0; i < Mutants.All.Count && (found < LeastMutants || clock.Elapsed < MutantTime); i++)
        {
            string mutant = Mutants.All[(begin + i) % Mutants.All.Count];
            if (Slow.Contains(mutant))
            {
                continue;
            }

            (ulong Seed, string Failure)? caught = MutantHunt.Hunt(mutant, 1, 500);
            Assert.That(caught, Is.Not.Null, $"500 seeds did not find {mutant}: dotnet run --project tests/RaftDb.Simulation -c Release -- --mutants --mutant {mutant} --seeds 1..500");
            found++;
            TestContext.Progress.WriteLine($"{mutant}: seed {caught!.Value.Seed}: {caught.Value.Failure}");
        }

        TestContext.Progress.WriteLine($"{found} planted bugs found in {clock.Elapsed.TotalSeconds:F0} s, from {Mutants.All[begin]} on");
    }
}
