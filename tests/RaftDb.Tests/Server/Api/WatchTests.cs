using RaftDb.Raft;
using RaftDb.Server.Ranges;
using RaftDb.Storage.StateMachines.Changes;

namespace RaftDb.Tests.Server.Api;

/// <summary>GET /v1/watch over two ranges: up to m, and the rest.</summary>
internal sealed class WatchTests
{
    private ApiHost _host = null!;

    private FakeWatches Watches => _host.Watches;

    [SetUp]
    public async Task StartAsync() => _host = await ApiHost.StartAsync(new("m"));

    [TearDown]
    public ValueTask StopAsync() => _host.DisposeAsync();

    [Test]
    public async Task Changes_of_both_ranges_come_with_ids_that_resume_behind_each()
    {
        Watches.Two.Enqueue(new([FakeWatches.Put(11, 0, "a", "1", 1, last: false), FakeWatches.Put(11, 1, "b", "2", 4)], new LogIndex(12), null));
        Watches.Three.Enqueue(new([FakeWatches.Gone(11, "z", expired: true)], new LogIndex(11), null));
        Watches.Two.Enqueue(new([FakeWatches.Gone(13, "a", expired: false)], new LogIndex(13), null));
        RawAnswer answer = await _host.GetAsync("/v1/watch");
        Assert.That((answer.Status, answer["Content-Type"]), Is.EqualTo((200, "text/event-stream")));
        Assert.That(answer.Text, Does.StartWith("""
            : watching
            id: 2:10,3:10

            id: 2:11.1,3:10
            data: {"range":2,"index":11,"op":"put","key":"a","value":"1","version":1}

            id: 2:11,3:10
            data: {"range":2,"index":11,"op":"put","key":"b","value":"2","version":4}

            id: 2:12,3:11
            data: {"range":3,"index":11,"op":"delete","key":"z","version":0,"expired":true}

            id: 2:13,3:11
            data: {"range":2,"index":13,"op":"delete","key":"a","version":0}


            """.ReplaceLineEndings("\n")));
        Assert.That(answer.Text, Does.Contain("event: error\nid: 2:13,3:11\ndata: {").And.Contains("\"code\":\"compacted\"").And.Contains("\"index\":77"), "and then why it ends");
    }

    [TestCase("from=2:20.3,3:7")]
    [TestCase("from=3%3A7,2:20.3")]
    public async Task A_token_says_where_to_go_on(string query)
    {
        Watches.Two.Enqueue(new([], new LogIndex(25), null));
        RawAnswer answer = await _host.GetAsync($"/v1/watch?{query}");
        Assert.That(answer.Text, Does.StartWith(": watching\nid: 2:20.3,3:7\n\n"));
        Assert.That(Watches.Reads[0].Query, Is.EqualTo(new ChangeQuery(new LogIndex(19), 3, Watches.Reads[0].Query.Start, null, 0)));
        Assert.That(Watches.Reads[1].Query.After.Value, Is.EqualTo(7));
    }

    [Test]
    public async Task The_last_event_id_of_a_browser_counts_more_than_the_query()
    {
        Watches.Two.Enqueue(new([], new LogIndex(25), null));
        RawAnswer answer = await _host.GetAsync("/v1/watch?from=2:1", "Last-Event-ID: 2:20,3:7");
        Assert.That(answer.Text, Does.StartWith(": watching\nid: 2:20,3:7\n\n"));
    }

    [Test]
    public async Task A_prefix_names_the_keys_and_the_ranges()
    {
        Watches.Two.Enqueue(new([], new LogIndex(25), null));
        await _host.GetAsync("/v1/watch?prefix=ab");
        Assert.That(Watches.Reads.Select(read => read.Range.Value), Is.All.EqualTo(2));
        Assert.That((Convert.ToHexString(Watches.Reads[0].Query.Start.Span), Convert.ToHexString(Watches.Reads[0].Query.End!.Value.Span)), Is.EqualTo(("6162", "6163")));
    }

    [Test]
    public async Task What_is_not_kept_is_gone_before_the_stream_begins()
    {
        RawAnswer answer = await _host.GetAsync("/v1/watch?from=2:1");
        Assert.That((answer.Status, answer.Code, answer.Json.GetProperty("index").GetUInt64()), Is.EqualTo((410, "compacted", 77UL)));
    }

    [Test]
    public async Task Without_a_quorum_nobody_promises_to_keep_changes()
    {
        Watches.KeepFails = new(ErrorCode.Unavailable, "No leader.");
        Assert.That((await _host.GetAsync("/v1/watch")).Code, Is.EqualTo("unavailable"));
    }

    [TestCase("from=2")]
    [TestCase("from=2:x")]
    [TestCase("from=2:5.0")]
    [TestCase("from=2:0.1")]
    [TestCase("from=2:5,2:6")]
    [TestCase("limit=5")]
    [TestCase("start=b&end=a")]
    public async Task A_bad_parameter_is_refused(string query)
    {
        RawAnswer answer = await _host.GetAsync($"/v1/watch?{query}");
        Assert.That((answer.Status, answer.Code), Is.EqualTo((400, "invalid_argument")));
    }
}
