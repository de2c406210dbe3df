using RaftDb.Cli;
using RaftDb.Cli.Commands;

namespace RaftDb.Tests.Cli;

internal sealed class StartArgumentsTests
{
    private static readonly StartArguments Good = new()
    {
        Id = 1,
        Data = "d",
        Http = "127.0.0.1:8101",
        Resp = "localhost:8201",
        Peer = "[::1]:8301",
        Cluster = StartArguments.ParseCluster("1=127.0.0.1:8301,2=127.0.0.1:8302"),
    };

    [Test]
    public void Good_arguments_pass() => Assert.That(Good.Validate, Throws.Nothing);

    [Test]
    public void Every_mistake_names_its_option()
    {
        (string Option, StartArguments Arguments)[] mistakes =
        [
            ("--id", Good with { Id = 0 }),
            ("--http", Good with { Http = "8101" }),
            ("--http", Good with { Http = "0.0.0.0:8101" }),
            ("--resp", Good with { Resp = "10.0.0.1:8201" }),
            ("--peer", Good with { Peer = "localhost:99999" }),
            ("--advertise-http", Good with { AdvertiseHttp = "x" }),
            ("--join", Good with { Join = "127.0.0.1:8101" }),
            ("--cluster", Good with { Id = 3 }),
            ("--config", Good with { ConfigFile = "/does/not/exist.json" }),
        ];
        foreach ((string option, StartArguments arguments) in mistakes)
        {
            Assert.That(arguments.Validate, Throws.InstanceOf<UsageException>().With.Message.StartsWith(option));
        }
    }

    [Test]
    public void Beyond_loopback_is_allowed_when_it_was_accepted() =>
        Assert.That((Good with { Http = "0.0.0.0:8101", Insecure = true }).Validate, Throws.Nothing);

    [TestCase("1:127.0.0.1:8301")]
    [TestCase("0=127.0.0.1:8301")]
    [TestCase("x=127.0.0.1:8301")]
    [TestCase("1=127.0.0.1:8301,1=127.0.0.1:8302")]
    public void A_cluster_map_that_is_none_is_refused(string text) =>
        Assert.That(() => StartArguments.ParseCluster(text), Throws.InstanceOf<UsageException>().With.Message.StartsWith("--cluster"));

    [Test]
    public void Split_keys_are_put_in_order_and_must_differ()
    {
        Assert.That(StartArguments.ParseSplitKeys("t,g,n"), Is.EqualTo(new[] { "g", "n", "t" }));
        Assert.That(() => StartArguments.ParseSplitKeys("g,g"), Throws.InstanceOf<UsageException>().With.Message.StartsWith("--split-keys"));
    }

    [Test]
    public void A_setting_has_section_key_and_value()
    {
        Assert.That(StartArguments.ParseSettings(["Binlog:SegmentBytes=1=2"]), Is.EqualTo(new[] { KeyValuePair.Create("Binlog:SegmentBytes", "1=2") }));
        foreach (string wrong in new[] { "Binlog=1", ":x=1", "Binlog:=1", "Binlog:SegmentBytes" })
        {
            Assert.That(() => StartArguments.ParseSettings([wrong]), Throws.InstanceOf<UsageException>().With.Message.StartsWith("--set"));
        }
    }

    [Test]
    public void A_dev_cluster_spreads_its_ports_as_documented()
    {
        StartArguments second = new DevArguments(3, null, 8100, []).Node(2, "/data");

        Assert.That((second.Http, second.Resp, second.Peer), Is.EqualTo(("127.0.0.1:8102", "127.0.0.1:8202", "127.0.0.1:8302")));
        Assert.That(second.Cluster.Keys, Is.EqualTo(new ulong[] { 1, 2, 3 }));
        Assert.That(second.Validate, Throws.Nothing);
    }
}
