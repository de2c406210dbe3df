using System.Text.Json;
using RaftDb.Client.Protocol;
using RaftDb.Server.Api;
using RaftDb.Server.Ranges;
using RaftDb.Storage.StateMachines.Reads;

namespace RaftDb.Tests.Server.Api;

/// <summary>GET /v1/kv over three ranges: up to g, up to n, and the rest.</summary>
internal sealed class ScanTests
{
    private ApiHost _host = null!;

    [SetUp]
    public async Task StartAsync()
    {
        _host = await ApiHost.StartAsync(new("g", "n"));
        foreach (string key in new[] { "a", "b", "f", "g", "m", "n", "z" })
        {
            await _host.PutAsync("/v1/kv/" + key, key.ToUpperInvariant());
        }
    }

    [TearDown]
    public ValueTask StopAsync() => _host.DisposeAsync();

    [Test]
    public async Task A_page_shows_rows_of_all_ranges()
    {
        RawAnswer answer = await _host.GetAsync("/v1/kv?start=b&end=n");
        Assert.That(answer.Text, Is.EqualTo("""
            {"items":[{"key":"b","value":"B","version":1,"index":2},{"key":"f","value":"F","version":1,"index":3},{"key":"g","value":"G","version":1,"index":4},{"key":"m","value":"M","version":1,"index":5}],"next":null}
            """));
        Assert.That((answer["RaftDb-Node"], answer["RaftDb-Range"], answer["RaftDb-Index"]), Is.EqualTo(("1", "2", "7")));
        Assert.That((answer["RaftDb-Token"], answer["RaftDb-Staleness-Ms"]), Is.EqualTo(("2:7,3:7", "2")));
    }

    [TestCase("", "a b f g m n z")]
    [TestCase("?reverse=true", "z n m g f b a")]
    [TestCase("?reverse", "z n m g f b a")]
    [TestCase("?start=f", "f g m n z")]
    [TestCase("?end=g", "a b f")]
    [TestCase("?start=&end=", "a b f g m n z")]
    [TestCase("?start=b&end=n&reverse=true", "m g f b")]
    [TestCase("?prefix=m", "m")]
    [TestCase("?prefix=x", "")]
    [TestCase("?prefix=z&reverse=true", "z")]
    public async Task Bounds_and_order_select_rows(string query, string keys) =>
        Assert.That(Keys(await _host.GetAsync("/v1/kv" + query)), Is.EqualTo(keys));

    [TestCase(false)]
    [TestCase(true)]
    public async Task Next_continues_page_after_page_until_there_is_no_more(bool reverse)
    {
        List<string> pages = [];
        string query = $"?limit=2&reverse={(reverse ? "true" : "false")}";
        string? next = null;
        do
        {
            RawAnswer answer = await _host.GetAsync($"/v1/kv{query}{(next is null ? "" : reverse ? "&end=" + next : "&start=" + next)}");
            pages.Add(Keys(answer));
            next = answer.Json.GetProperty("next").GetString() is { } text ? Uri.EscapeDataString(text) : null;
        }
        while (next is not null && pages.Count < 20);

        Assert.That(string.Join(" ", pages.Where(page => page.Length > 0)), Is.EqualTo(reverse ? "z n m g f b a" : "a b f g m n z"));
    }

    [Test]
    public async Task A_limit_holds_across_ranges_and_limits_what_ranges_are_asked_for()
    {
        Assert.That(Keys(await _host.GetAsync("/v1/kv?limit=4")), Is.EqualTo("a b f g"));
        Assert.That(_host.Router.Scans.Select(scan => scan.Limit), Is.EqualTo(new[] { 4, 1 }));
        await _host.GetAsync("/v1/kv");
        Assert.That(_host.Router.Scans[2].Limit, Is.EqualTo(1_000), "the default");
    }

    [Test]
    public async Task A_page_ends_when_its_bytes_are_used_up()
    {
        await using ApiHost host = await ApiHost.StartAsync(new("g", "n"), new() { MaxScanBytes = 10 });
        await host.PutAsync("/v1/kv/a", "0123456789");
        await host.PutAsync("/v1/kv/h", "0123456789");
        RawAnswer answer = await host.GetAsync("/v1/kv");
        Assert.That((Keys(answer), answer.Json.GetProperty("next").GetString()), Is.EqualTo(("a", "g")));
    }

    [Test]
    public async Task Keys_only_leaves_out_values() =>
        Assert.That((await _host.GetAsync("/v1/kv?prefix=a&keys_only=true")).Text, Is.EqualTo("""{"items":[{"key":"a","version":1,"index":1}],"next":null}"""));

    [Test]
    public async Task What_is_no_text_is_base64_and_says_so()
    {
        await RawHttp.SendAsync(_host.Port, "PUT", "/v1/kv/k%FF", [1, 2]);
        await RawHttp.SendAsync(_host.Port, "PUT", "/v1/kv/kk", [0xFE]);
        ScanDocument scan = Document(await _host.GetAsync("/v1/kv?prefix=k"));
        Assert.That(scan.Items.Select(item => (item.Key, item.Value, item.Encoding)), Is.EqualTo(new[] { ("a2s=", "/g==", "base64"), ("a/8=", "AQI=", "base64") }));
        Assert.That(scan.Items[1].KeyBytes(), Is.EqualTo(new byte[] { (byte)'k', 0xFF }));
        Assert.That(scan.Items[1].ValueBytes(), Is.EqualTo(new byte[] { 1, 2 }));
        scan = Document(await _host.GetAsync("/v1/kv?prefix=kk&keys_only"));
        Assert.That((scan.Items[0].Key, scan.Items[0].Encoding), Is.EqualTo(("kk", (string?)null)), "the value that is not shown does not matter");
    }

    [Test]
    public async Task Base64_on_request_is_base64_for_all()
    {
        ScanDocument scan = Document(await _host.GetAsync("/v1/kv?prefix=a&encoding=base64"));
        Assert.That(scan.Items.Single(), Is.EqualTo(new ScanItemDocument("YQ==", "QQ==", 1, 1, "base64")));
    }

    [Test]
    public async Task A_next_that_is_no_text_is_a_base64_object_and_its_bytes_continue()
    {
        foreach (string key in new[] { "%FF%FE", "%FF%FF" })
        {
            await _host.PutAsync("/v1/kv/" + key, "v");
        }

        RawAnswer answer = await _host.GetAsync("/v1/kv?start=%FF&limit=1");
        Assert.That(answer.Json.GetProperty("next").GetProperty("base64").GetBytesFromBase64(), Is.EqualTo(new byte[] { 0xFF, 0xFE, 0 }));
        Assert.That(Document(await _host.GetAsync("/v1/kv?start=%FF%FE%00&limit=1")).Items.Single().KeyBytes(), Is.EqualTo(new byte[] { 0xFF, 0xFF }));
    }

    [TestCase("%FF", 1)]
    [TestCase("a%FF", 1)]
    public async Task A_prefix_that_ends_in_the_highest_byte_has_the_right_end(string prefix, int rows)
    {
        await _host.PutAsync("/v1/kv/%FFx", "v");
        await _host.PutAsync("/v1/kv/a%FF%FF", "v");
        Assert.That(Document(await _host.GetAsync("/v1/kv?prefix=" + prefix)).Items, Has.Count.EqualTo(rows));
    }

    [Test]
    public void The_successor_of_a_prefix_is_the_least_above_all_that_begin_with_it()
    {
        Assert.That(ScanBounds.Successor([1, 2]), Is.EqualTo(new byte[] { 1, 3 }));
        Assert.That(ScanBounds.Successor([1, 0xFF, 0xFF]), Is.EqualTo(new byte[] { 2 }));
        Assert.That(ScanBounds.Successor([0xFF]), Is.Null);
    }

    [Test]
    public async Task A_range_that_fails_ends_the_page_and_is_met_when_it_is_continued()
    {
        _host.Router.Failures[3] = new(ErrorCode.Unavailable, "Range 3 has no quorum.");
        RawAnswer answer = await _host.GetAsync("/v1/kv");
        Assert.That((answer.Status, Keys(answer), answer.Json.GetProperty("next").GetString()), Is.EqualTo((200, "a b f", "g")));
        answer = await _host.GetAsync("/v1/kv?start=g");
        Assert.That((answer.Status, answer.Code, answer.Detail), Is.EqualTo((503, "unavailable", "Range 3 has no quorum.")));
    }

    [Test]
    public async Task A_key_with_quotes_and_controls_survives_json()
    {
        await _host.PutAsync("/v1/kv/q%22%5C%0A", "\"\\\u2028😀</script>");
        ScanItemDocument item = Document(await _host.GetAsync("/v1/kv?prefix=q")).Items.Single();
        Assert.That((item.Key, item.Value), Is.EqualTo(("q\"\\\n", "\"\\\u2028😀</script>")));
    }

    [Test]
    public async Task Reverse_starts_at_the_last_range_and_asks_only_what_it_needs()
    {
        Assert.That(Keys(await _host.GetAsync("/v1/kv?reverse=true&limit=1")), Is.EqualTo("z"));
        ScanQuery scan = _host.Router.Scans.Single();
        Assert.That((scan.Reverse, scan.End), Is.EqualTo((true, default(ReadOnlyMemory<byte>?))));
    }

    private static ScanDocument Document(RawAnswer answer)
    {
        Assert.That(answer.Status, Is.EqualTo(200), answer.Text);
        return JsonSerializer.Deserialize(answer.Body, Documents.Json.ScanDocument)!;
    }

    private static string Keys(RawAnswer answer) => string.Join(" ", Document(answer).Items.Select(item => item.Key));
}
