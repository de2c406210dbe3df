using RaftDb.Server.Api;
using RaftDb.Server.Ranges;

namespace RaftDb.Tests.Server.Api;

/// <summary>Query parameters and request headers: what they mean, and that wrong ones are refused by name.</summary>
internal sealed class ParameterTests
{
    private ApiHost _host = null!;

    [OneTimeSetUp]
    public async Task StartAsync() => _host = await ApiHost.StartAsync();

    [OneTimeTearDown]
    public ValueTask StopAsync() => _host.DisposeAsync();

    [TestCase("GET", "/v1/kv/a?consistency=strong", "consistency")]
    [TestCase("GET", "/v1/kv/a?consistency=", "consistency")]
    [TestCase("GET", "/v1/kv/a?consistency", "consistency")]
    [TestCase("GET", "/v1/kv/a?consistency=bounded", "max_staleness")]
    [TestCase("GET", "/v1/kv/a?max_staleness=5s", "max_staleness")]
    [TestCase("GET", "/v1/kv/a?consistency=bounded&max_staleness=5", "max_staleness")]
    [TestCase("GET", "/v1/kv/a?consistency=bounded&max_staleness=0ms", "max_staleness")]
    [TestCase("GET", "/v1/kv/a?consistency=bounded&max_staleness=1.5s", "max_staleness")]
    [TestCase("GET", "/v1/kv/a?consistency=bounded&max_staleness=-1s", "max_staleness")]
    [TestCase("GET", "/v1/kv/a?replica=nearest", "replica")]
    [TestCase("GET", "/v1/kv/a?replica=0", "replica")]
    [TestCase("GET", "/v1/kv/a?consistancy=eventual", "consistancy")]
    [TestCase("GET", "/v1/kv/a?ack=all", "ack")]
    [TestCase("GET", "/v1/kv/a?limit=5", "limit")]
    [TestCase("GET", "/v1/kv/a?replica=any&replica=any", "replica")]
    [TestCase("PUT", "/v1/kv/a?ack=none", "ack")]
    [TestCase("PUT", "/v1/kv/a?ttl=30", "ttl")]
    [TestCase("PUT", "/v1/kv/a?ttl=0s", "ttl")]
    [TestCase("PUT", "/v1/kv/a?consistency=linearizable", "consistency")]
    [TestCase("DELETE", "/v1/kv/a?ttl=30s", "ttl")]
    [TestCase("GET", "/v1/kv?limit=0", "limit")]
    [TestCase("GET", "/v1/kv?limit=10001", "limit")]
    [TestCase("GET", "/v1/kv?limit=ten", "limit")]
    [TestCase("GET", "/v1/kv?reverse=yes", "reverse")]
    [TestCase("GET", "/v1/kv?keys_only=1", "keys_only")]
    [TestCase("GET", "/v1/kv?encoding=hex", "encoding")]
    [TestCase("GET", "/v1/kv?start=%zz", "start")]
    [TestCase("GET", "/v1/kv?start=b&end=a", "start")]
    [TestCase("GET", "/v1/kv?start=a&end=a", "start")]
    [TestCase("GET", "/v1/kv?prefix=a&start=b", "prefix")]
    [TestCase("GET", "/v1/kv?ack=all", "ack")]
    [TestCase("GET", "/v1/kv?key=a", "key")]
    [TestCase("POST", "/v1/txn?ttl=3s", "ttl")]
    [TestCase("POST", "/v1/txn?ack=leader", "ack=leader")]
    [TestCase("POST", "/v1/batch?consistency=eventual", "consistency")]
    public async Task A_bad_parameter_is_refused_by_name(string method, string target, string name)
    {
        RawAnswer answer = await RawHttp.SendAsync(_host.Port, method, target, "{}"u8.ToArray());
        Assert.That((answer.Status, answer.Code), Is.EqualTo((400, "invalid_argument")));
        Assert.That(answer.Detail, Does.Contain(name));
    }

    [TestCase("RaftDb-Timeout-Ms: 0")]
    [TestCase("RaftDb-Timeout-Ms: 60001")]
    [TestCase("RaftDb-Timeout-Ms: 1s")]
    [TestCase("RaftDb-Timeout-Ms: -5")]
    [TestCase("RaftDb-Token: 2")]
    [TestCase("RaftDb-Token: 2:x")]
    [TestCase("RaftDb-Token: 2:1,2:2")]
    [TestCase("RaftDb-Session: 00112233445566778899aabbccddeeff")]
    [TestCase("RaftDb-Sequence: 1")]
    [TestCase("RaftDb-Acknowledged: 1")]
    [TestCase("RaftDb-Session: zz\r\nRaftDb-Sequence: 1")]
    [TestCase("RaftDb-Sequence: x\r\nRaftDb-Session: 00112233445566778899aabbccddeeff")]
    [TestCase("RaftDb-Sequence: 0\r\nRaftDb-Session: 00112233445566778899aabbccddeeff")]
    [TestCase("RaftDb-Acknowledged: 3\r\nRaftDb-Sequence: 2\r\nRaftDb-Session: 00112233445566778899aabbccddeeff")]
    public async Task A_bad_header_is_refused_by_name_everywhere(string header)
    {
        string name = header.Split(':')[0];
        RawAnswer[] answers =
        [
            await _host.GetAsync("/v1/kv/a", header),
            await _host.PutAsync("/v1/kv/a", "v", header),
            await _host.DeleteAsync("/v1/kv/a", header),
            await _host.GetAsync("/v1/kv", header),
            await _host.PostAsync("/v1/txn", """{"then":[{"get":{"key":"a"}}]}""", header),
            await _host.PostAsync("/v1/batch", """{"ops":[{"delete":{"key":"a"}}]}""", header),
        ];
        foreach (RawAnswer answer in answers)
        {
            Assert.That((answer.Status, answer.Code), Is.EqualTo((400, "invalid_argument")));
            Assert.That(answer.Detail, Does.Contain(name));
        }
    }

    [TestCase("", Consistency.Linearizable, 0, ReplicaChoiceKind.Any, 0ul)]
    [TestCase("?consistency=linearizable&replica=leader", Consistency.Linearizable, 0, ReplicaChoiceKind.Leader, 0ul)]
    [TestCase("?consistency=bounded&max_staleness=500ms", Consistency.Bounded, 500, ReplicaChoiceKind.Any, 0ul)]
    [TestCase("?max_staleness=2h&consistency=bounded", Consistency.Bounded, 7_200_000, ReplicaChoiceKind.Any, 0ul)]
    [TestCase("?consistency=session&replica=follower", Consistency.Session, 0, ReplicaChoiceKind.Follower, 0ul)]
    [TestCase("?consistency=eventual&replica=3", Consistency.Eventual, 0, ReplicaChoiceKind.Node, 3ul)]
    [TestCase("?&&consistency=%65ventual&", Consistency.Eventual, 0, ReplicaChoiceKind.Any, 0ul)]
    public async Task Read_parameters_reach_the_router(string query, Consistency consistency, int staleness, ReplicaChoiceKind kind, ulong node)
    {
        foreach (string target in new[] { "/v1/kv/a", "/v1/kv" })
        {
            RawAnswer answer = await _host.GetAsync(target + query);
            Assert.That(answer.Status, Is.Not.EqualTo(400), answer.Text);
            ReadOptions read = _host.Router.LastRead!;
            Assert.That((read.Consistency, read.MaxStaleness.TotalMilliseconds), Is.EqualTo((consistency, (double)staleness)));
            Assert.That(read.Replica, Is.EqualTo(new ReplicaChoice(kind, new(node))));
        }
    }

    [Test]
    public async Task A_ttl_reaches_the_router()
    {
        await _host.PutAsync("/v1/kv/a?ttl=5m&ack=quorum", "v");
        Assert.That(_host.Router.Writes[^1].Then[0].TtlMilliseconds, Is.EqualTo(300_000));
    }

    [Test]
    public void Options_that_contradict_each_other_are_refused()
    {
        Assert.That(() => new ApiOptions().Validate(), Throws.Nothing);
        Assert.That(() => new ApiOptions { MaxRequestLineBytes = 1000 }.Validate(), Throws.ArgumentException.With.Message.Contains("MaxRequestLineBytes"));
        Assert.That(() => new ApiOptions { DefaultScanLimit = 20_000 }.Validate(), Throws.ArgumentException.With.Message.Contains("DefaultScanLimit"));
        Assert.That(() => new ApiOptions { DefaultTimeout = TimeSpan.FromHours(1) }.Validate(), Throws.ArgumentException.With.Message.Contains("DefaultTimeout"));
    }
}
