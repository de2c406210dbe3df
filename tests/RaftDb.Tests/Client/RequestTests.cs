using System.Text;
using RaftDb.Client;

namespace RaftDb.Tests.Client;

/// <summary>How calls look on the wire, and how answers are read.</summary>
internal sealed class RequestTests
{
    [Test]
    public async Task A_key_of_any_bytes_arrives_as_it_was_given()
    {
        byte[] key = [.. "a/../b ?#%"u8, 0x00, 0xFF];
        await using FakeNode node = new(_ => FakeAnswer.PutDone());
        await using RaftDbClient db = RaftDbClient.Create(node.Address);

        await db.PutAsync(key, "v");

        Assert.That(node.Requests.Single().Target, Is.EqualTo("/v1/kv/?key=a/%2E%2E/b%20%3F%23%25%00%FF"));
    }

    [Test]
    public async Task An_absent_key_reads_as_null()
    {
        await using FakeNode node = new(_ => FakeAnswer.Problem(404, "not_found"));
        await using RaftDbClient db = RaftDbClient.Create(node.Address);

        Assert.That(await db.GetAsync("a"), Is.Null);
    }

    [Test]
    public async Task A_read_says_what_it_wants_and_tells_what_it_got()
    {
        await using FakeNode node = new(_ => FakeAnswer.Of(
            200, "the value", "application/octet-stream", "RaftDb-Node: 3", "RaftDb-Range: 2", "RaftDb-Index: 40", "RaftDb-Version: 5", "RaftDb-Staleness-Ms: 12"));
        await using RaftDbClient db = RaftDbClient.Create(node.Address);

        Entry entry = (await db.GetAsync("k", ReadOptions.Bounded(TimeSpan.FromMilliseconds(500)) with { Replica = "3" }))!;

        Assert.That(node.Requests.Single().Target, Is.EqualTo("/v1/kv/k?consistency=bounded&max_staleness=500ms&replica=3"));
        Assert.That(Encoding.UTF8.GetString(entry.Value.Span), Is.EqualTo("the value"));
        Assert.That((entry.Node, entry.Range, entry.Index, entry.Version, entry.Staleness), Is.EqualTo((3UL, 2UL, 40UL, 5UL, TimeSpan.FromMilliseconds(12))));
    }

    [Test]
    public async Task A_scan_goes_on_where_the_page_ended_and_stops_at_its_limit()
    {
        await using FakeNode node = new(request => FakeAnswer.Of(200, request.Target.Contains("start=b")
            ? """{"items":[{"key":"/w==","value":"AA==","version":1,"index":3,"encoding":"base64"},{"key":"z","value":"","version":1,"index":4}],"next":null}"""
            : """{"items":[{"key":"a","value":"1","version":1,"index":2}],"next":"b"}"""));
        await using RaftDbClient db = RaftDbClient.Create(node.Address);

        List<ScanItem> items = [];
        await foreach (ScanItem item in db.ScanAsync(new ScanOptions { Limit = 2 }))
        {
            items.Add(item);
        }

        Assert.That(items.Select(item => Convert.ToHexString(item.Key.Span)), Is.EqualTo(new[] { "61", "FF" }));
        Assert.That(items[1].Value.ToArray(), Is.EqualTo(new byte[] { 0 }));
        Assert.That(node.Requests.Select(request => request.Target), Is.EqualTo(new[] { "/v1/kv?limit=2", "/v1/kv?start=b&limit=1" }));
    }

    [Test]
    public async Task A_session_read_carries_all_that_the_client_has_seen()
    {
        int count = 0;
        await using FakeNode node = new(_ => FakeAnswer.Of(
            200, """{"range":2,"index":9,"version":1}""", "application/json", ++count == 1 ? "RaftDb-Token: 2:9,3:4" : "RaftDb-Token: 2:7,3:5"));
        await using RaftDbClient db = RaftDbClient.Create(node.Address);
        await db.PutAsync("a", "1");
        await db.PutAsync("b", "1");

        await db.GetAsync("a", ReadOptions.Session);

        Assert.That(node.Requests[^1].Headers["RaftDb-Token"], Is.EqualTo("2:9,3:5"));
    }

    [Test]
    public async Task That_a_key_is_absent_and_that_a_condition_failed_was_seen_too()
    {
        await using FakeNode node = new(request => request.Method == "PUT"
            ? FakeAnswer.Problem(412, "condition_failed", "", "RaftDb-Token: 3:5")
            : FakeAnswer.Problem(404, "not_found", "", "RaftDb-Token: 2:9"));
        await using RaftDbClient db = RaftDbClient.Create(node.Address);
        await db.GetAsync("a");
        Assert.That(async () => await db.PutAsync("b", "1", new WriteOptions { IfVersion = 1 }), Throws.InstanceOf<RaftDbException>());

        await db.GetAsync("a", ReadOptions.Session);

        Assert.That(node.Requests[^1].Headers["RaftDb-Token"], Is.EqualTo("2:9,3:5"));
    }

    [Test]
    public async Task A_deadline_that_is_over_before_the_first_attempt_is_told_like_any_other()
    {
        await using FakeNode node = new(_ => FakeAnswer.PutDone());
        await using RaftDbClient db = RaftDbClient.Create(
            node.Address, new() { Timeout = TimeSpan.FromTicks(1), AttemptTimeout = TimeSpan.FromSeconds(1) });

        Assert.That(async () => await db.GetAsync("a"), Throws.InstanceOf<RaftDbException>().With.Property("Code").EqualTo("unavailable"));
    }

    [Test]
    public async Task A_transaction_is_sent_as_the_interface_describes_it()
    {
        await using FakeNode node = new(_ => FakeAnswer.Of(200, """{"succeeded":true,"range":2,"index":9,"results":[{"op":"put","version":2,"index":9}]}"""));
        await using RaftDbClient db = RaftDbClient.Create(node.Address);

        TxnResult result = await db.Txn().IfVersion("a", 1).Put("a", "x").Else().Get("a").CommitAsync();

        Assert.That(node.Requests.Single().Text, Is.EqualTo(
            """{"compare":[{"key":"a","version":1}],"then":[{"put":{"key":"a","value":"x"}}],"else":[{"get":{"key":"a"}}]}"""));
        Assert.That(result.Succeeded, Is.True);
        Assert.That(result.Results.Single().Version, Is.EqualTo(2));
    }

    [TestCase("nonsense")]
    [TestCase("host:0")]
    [TestCase("host:70000")]
    [TestCase("1.2.3.4:80,also nonsense")]
    [TestCase("")]
    public void An_address_that_is_none_is_refused(string servers) =>
        Assert.That(() => RaftDbClient.Create(servers), Throws.ArgumentException.With.Message.Contains("is not an address"));
}
