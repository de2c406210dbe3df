using RaftDb.Cli;
using RaftDb.Cli.Bench;
using RaftDb.Cli.Drills;
using RaftDb.Cli.Output;
using RaftDb.Client;
using RaftDb.Client.Protocol;

namespace RaftDb.Tests.Cli;

internal sealed class SmallPartsTests
{
    [TestCase("500ms", 500)]
    [TestCase("30s", 30_000)]
    [TestCase("1.5s", 1500)]
    [TestCase("5m", 300_000)]
    [TestCase("2h", 7_200_000)]
    public void A_duration_has_a_unit(string text, double milliseconds)
    {
        Assert.That(Duration.TryParse(text, out TimeSpan duration), Is.True);
        Assert.That(duration.TotalMilliseconds, Is.EqualTo(milliseconds));
    }

    [TestCase("5")]
    [TestCase("s")]
    [TestCase("-1s")]
    [TestCase("0s")]
    [TestCase("1d")]
    [TestCase("")]
    public void What_is_no_duration_is_refused(string text) => Assert.That(Duration.TryParse(text, out _), Is.False);

    [Test]
    public void Drill_keys_tell_writer_and_sequence_and_spread_over_the_ranges()
    {
        Assert.That(DrillKeys.TryParse(DrillKeys.Key(7, 1234), out int writer, out int sequence), Is.True);
        Assert.That((writer, sequence), Is.EqualTo((7, 1234)));
        Assert.That(DrillKeys.SplitKeys(16, 4), Is.EqualTo(new[] { "w004", "w008", "w012" }));
        Assert.That(DrillKeys.SplitKeys(16, 1), Is.Empty);
    }

    [Test]
    public void Bench_keys_are_of_one_length_and_begin_with_every_letter()
    {
        string[] keys = [.. Enumerable.Range(0, 1000).Select(BenchSettings.KeyOf)];

        Assert.That(keys.Select(key => key.Length).Distinct(), Is.EqualTo(new[] { 16 }));
        Assert.That(keys.Select(key => key[0]).Distinct().Count(), Is.EqualTo(26));
    }

    [Test]
    public void A_key_goes_to_the_leader_of_its_range_and_never_to_the_meta_range()
    {
        LeaderMap map = LeaderMap.Of(
            new ClusterStatus(
                "c", 1, "v", [Node(1), Node(2)], [Range(1, "meta", null, null, 1), Range(3, "kv", "n", null, 2), Range(2, "kv", null, "n", 1)], []),
            new Endpoint("x", 1));

        Assert.That(map.LeaderOf("a"u8).Port, Is.EqualTo(8101));
        Assert.That(map.LeaderOf("m\u00ff"u8).Port, Is.EqualTo(8101));
        Assert.That(map.LeaderOf("n"u8).Port, Is.EqualTo(8102));
        Assert.That(map.LeaderOf("z"u8).Port, Is.EqualTo(8102));
    }

    [Test]
    public void A_counter_is_summed_over_its_labels_and_not_mistaken_for_a_longer_name() => Assert.That(
        ClusterView.SumCounter("# TYPE a_total counter\na_total{range=\"2\"} 3\na_total{range=\"3\"} 4 1700000000\na_total_other 9\na_total 1\n", "a_total"),
        Is.EqualTo(8));

    [Test]
    public void A_piped_table_is_aligned_text()
    {
        Table table = new("Name", "N");
        table.Add("a", "1");
        table.Add("longer", "22");

        Assert.That(table.ToPlainText(), Is.EqualTo("Name    N\na       1\nlonger  22\n"));
    }

    private static NodeStatus Node(ulong id) => new(id, $"127.0.0.1:{8100 + id}", null, "p:1", null, true, null, 1, 1, null);

    private static RangeStatus Range(ulong id, string kind, string? start, string? end, ulong leader) => new(
        id, kind, start is null ? null : BinaryText.Of(start), end is null ? null : BinaryText.Of(end), 1, leader, 1, 1, [], 0, 0, 1);
}
