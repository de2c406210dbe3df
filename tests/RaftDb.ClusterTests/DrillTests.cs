using System.Text.Json;
using RaftDb.Cli.Drills.Faults;

namespace RaftDb.ClusterTests;

/// <summary>Each drill, short, on real processes: what was acknowledged must be on every replica. How long the gaps are is for the drills that people run; here only loss counts,
/// so the limits on time are wide.</summary>
[NonParallelizable]
internal sealed class DrillTests
{
    private static readonly string[] WideLimits = ["--max-median-ms", "10000", "--max-ms", "20000", "--limit-seconds", "200", "--min-acknowledged", "50", "--json"];

    [TestCase("quickstart", "--writes", "2000")]
    [TestCase("leader-kill", "--rounds", "2")]
    [TestCase("leader-stop", "--rounds", "2")]
    [TestCase("leader-transfer", "--rounds", "2")]
    [TestCase("leader-pause", "--rounds", "1")]
    [TestCase("follower-catch-up", "--writes", "3000")]
    [TestCase("snapshot-gap")]
    [TestCase("rolling-restart")]
    [TestCase("whole-cluster-kill", "--rounds", "2")]
    [TestCase("partition-leader", "--rounds", "1", "--seconds", "1", "--pause-seconds", "2.5")]
    [TestCase("partition-one-way", "--rounds", "1", "--seconds", "1", "--pause-seconds", "2.5")]
    [TestCase("chaos", "--minutes", "0.2", "--seed", "1", "--seconds", "1")]
    [TestCase("bit-flip", "--seed", "5", "--seconds", "1")]
    public async Task A_drill_loses_nothing_that_was_acknowledged(string drill, params string[] arguments)
    {
        (int exitCode, string output, string error) = await Raftdb.RunAsync(["drill", drill, .. arguments, .. WideLimits]);
        Assert.That(exitCode, Is.Zero, $"{output}\n{error}");
        using JsonDocument report = JsonDocument.Parse(output);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(report.RootElement.GetProperty("passed").GetBoolean(), Is.True, output);
            Assert.That(report.RootElement.GetProperty("lost").GetInt64(), Is.Zero, output);
            Assert.That(report.RootElement.GetProperty("acknowledged").GetInt64(), Is.GreaterThanOrEqualTo(50), output);
        }
    }

    [TestCase("slow-disk")]
    [TestCase("disk-full")]
    public async Task A_drill_that_needs_root_runs_or_says_what_it_lacks(string drill)
    {
        string? missing = drill == "slow-disk" ? SlowDisk.Missing(Path.GetTempPath()) : MemoryVolume.Missing();
        if (missing is null)
        {
            await A_drill_loses_nothing_that_was_acknowledged(drill, "--seconds", "1");
            return;
        }

        (int exitCode, _, string error) = await Raftdb.RunAsync(["drill", drill]);
        Assert.That(exitCode, Is.EqualTo(1));
        Assert.That(error, Does.Contain(missing));
    }
}
