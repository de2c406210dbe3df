using System.Net;
using System.Net.Sockets;
using System.Text;
using RaftDb.Server.Ranges;
using RaftDb.Server.Replicas;

namespace RaftDb.Tests.Server.Api;

/// <summary>GET, PUT and DELETE of a key, beyond the key itself.</summary>
internal sealed class KeyEndpointTests
{
    private ApiHost _host = null!;

    [SetUp]
    public async Task StartAsync() => _host = await ApiHost.StartAsync(new("m"), new() { MaxValueBytes = 100_000, MaxJsonBytes = 200_000 });

    [TearDown]
    public ValueTask StopAsync() => _host.DisposeAsync();

    [Test]
    public async Task A_put_answers_range_index_and_version()
    {
        RawAnswer answer = await _host.PutAsync("/v1/kv/a", "1");
        Assert.That(answer.Text, Is.EqualTo("""{"range":2,"index":1,"version":1}"""));
        Assert.That(answer["Content-Type"], Is.EqualTo("application/json"));
        Assert.That(answer["Content-Length"], Is.EqualTo("33"));
        Assert.That((answer["RaftDb-Node"], answer["RaftDb-Range"], answer["RaftDb-Index"], answer["RaftDb-Token"]), Is.EqualTo(("1", "2", "1", "2:1")));
        Assert.That(answer["ETag"], Is.EqualTo("\"1\""));
        answer = await _host.PutAsync("/v1/kv/a", "2");
        Assert.That(answer.Text, Is.EqualTo("""{"range":2,"index":2,"version":2}"""));
        answer = await _host.PutAsync("/v1/kv/z", "2");
        Assert.That(answer.Text, Is.EqualTo("""{"range":3,"index":3,"version":1}"""));
    }

    [Test]
    public async Task A_get_answers_the_bytes_and_what_is_known_of_them()
    {
        await _host.PutAsync("/v1/kv/a?ttl=30s", "one");
        await _host.PutAsync("/v1/kv/b", "other");
        RawAnswer answer = await _host.GetAsync("/v1/kv/a");
        Assert.That((answer.Status, answer.Text, answer["Content-Type"]), Is.EqualTo((200, "one", "application/octet-stream")));
        Assert.That(answer["Content-Length"], Is.EqualTo("3"));
        Assert.That((answer["RaftDb-Version"], answer["RaftDb-Changed-Index"], answer["RaftDb-Index"]), Is.EqualTo(("1", "1", "2")));
        Assert.That((answer["RaftDb-Node"], answer["RaftDb-Range"], answer["RaftDb-Token"]), Is.EqualTo(("1", "2", "2:2")));
        Assert.That(answer["RaftDb-Staleness-Ms"], Is.EqualTo("2"), "a bound is rounded up");
        Assert.That(answer["RaftDb-Expires-At"], Is.EqualTo("1030000"));
        Assert.That(answer["ETag"], Is.EqualTo("\"1\""));
    }

    [Test]
    public async Task An_absent_key_is_not_found_and_still_tells_what_was_seen()
    {
        RawAnswer answer = await _host.GetAsync("/v1/kv/a");
        Assert.That((answer.Status, answer.Code), Is.EqualTo((404, "not_found")));
        Assert.That((answer["RaftDb-Version"], answer["RaftDb-Token"], answer["RaftDb-Range"]), Is.EqualTo(("0", "2:0", "2")));
    }

    [Test]
    public async Task An_unknown_staleness_is_not_told()
    {
        _host.Router.Staleness = null;
        RawAnswer answer = await _host.GetAsync("/v1/kv/a?consistency=eventual");
        Assert.That(answer.Headers.ContainsKey("RaftDb-Staleness-Ms"), Is.False);
    }

    [Test]
    public async Task An_empty_value_is_a_value()
    {
        Assert.That((await _host.PutAsync("/v1/kv/a", "")).Status, Is.EqualTo(200));
        RawAnswer answer = await _host.GetAsync("/v1/kv/a");
        Assert.That((answer.Status, answer.Body.Length, answer["Content-Length"]), Is.EqualTo((200, 0, "0")));
    }

    [Test]
    public async Task A_large_value_comes_back_whole()
    {
        byte[] value = new byte[100_000];
        new Random(1).NextBytes(value);
        Assert.That((await RawHttp.SendAsync(_host.Port, "PUT", "/v1/kv/a", value)).Status, Is.EqualTo(200));
        Assert.That((await _host.GetAsync("/v1/kv/a")).Body, Is.EqualTo(value));
    }

    [Test]
    public async Task A_chunked_body_is_taken()
    {
        RawAnswer answer = await SendChunkedAsync("3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n");
        Assert.That(answer.Status, Is.EqualTo(200), answer.Text);
        Assert.That((await _host.GetAsync("/v1/kv/a")).Text, Is.EqualTo("abcde"));
    }

    [Test]
    public async Task A_chunked_body_over_the_limit_is_too_large()
    {
        RawAnswer answer = await SendChunkedAsync($"186A1\r\n{new string('x', 100_001)}\r\n0\r\n\r\n");
        Assert.That((answer.Status, answer.Code), Is.EqualTo((413, "too_large")));
    }

    [Test]
    public async Task A_value_over_the_limit_is_refused_before_it_is_read()
    {
        // No byte of the body is ever sent: an answer shows that none was waited for.
        using TcpClient client = new();
        await client.ConnectAsync(IPAddress.Loopback, _host.Port);
        await client.GetStream().WriteAsync("PUT /v1/kv/a HTTP/1.1\r\nHost: x\r\nContent-Length: 100001\r\n\r\n"u8.ToArray());
        byte[] buffer = new byte[4096];
        int read = await client.GetStream().ReadAsync(buffer).AsTask().WaitAsync(TimeSpan.FromSeconds(10));
        Assert.That(Encoding.ASCII.GetString(buffer, 0, read), Does.StartWith("HTTP/1.1 413").And.Contains("too_large"));
        Assert.That(_host.Router.Writes, Is.Empty);
    }

    [Test]
    public async Task A_delete_tells_whether_the_key_was_there()
    {
        await _host.PutAsync("/v1/kv/a", "1");
        Assert.That((await _host.DeleteAsync("/v1/kv/a")).Text, Is.EqualTo("""{"deleted":true,"range":2,"index":2}"""));
        Assert.That((await _host.DeleteAsync("/v1/kv/a")).Text, Is.EqualTo("""{"deleted":false,"range":2,"index":3}"""));
    }

    [Test]
    public async Task If_none_match_writes_only_an_absent_key()
    {
        Assert.That((await _host.PutAsync("/v1/kv/a", "1", "If-None-Match: *")).Status, Is.EqualTo(200));
        RawAnswer answer = await _host.PutAsync("/v1/kv/a", "2", "If-None-Match: *");
        Assert.That((answer.Status, answer.Code), Is.EqualTo((412, "condition_failed")));
        Assert.That((answer.Json.GetProperty("version").GetUInt64(), answer.Json.GetProperty("index").GetUInt64()), Is.EqualTo((1ul, 1ul)));
        Assert.That((answer["RaftDb-Index"], answer["RaftDb-Token"]), Is.EqualTo(("2", "2:2")));
        Assert.That((await _host.GetAsync("/v1/kv/a")).Text, Is.EqualTo("1"));
    }

    [Test]
    public async Task If_match_writes_and_deletes_only_that_version()
    {
        await _host.PutAsync("/v1/kv/a", "1");
        Assert.That((await _host.PutAsync("/v1/kv/a", "2", "If-Match: \"2\"")).Status, Is.EqualTo(412));
        Assert.That((await _host.PutAsync("/v1/kv/a", "2", "If-Match: \"1\"")).Status, Is.EqualTo(200));
        Assert.That((await _host.DeleteAsync("/v1/kv/a", "If-Match: \"1\"")).Code, Is.EqualTo("condition_failed"));
        Assert.That((await _host.DeleteAsync("/v1/kv/a", "If-Match: \"2\"")).Status, Is.EqualTo(200));
        RawAnswer answer = await _host.DeleteAsync("/v1/kv/a", "If-Match: \"2\"");
        Assert.That((answer.Status, answer.Json.GetProperty("version").GetUInt64(), answer.Detail), Is.EqualTo((412, 0ul, "The key is absent.")));
    }

    [TestCase("If-Match: 3")]
    [TestCase("If-Match: *")]
    [TestCase("If-Match: \"\"")]
    [TestCase("If-Match: \"-1\"")]
    [TestCase("If-Match: \"1\", \"2\"")]
    [TestCase("If-Match: W/\"1\"")]
    [TestCase("If-None-Match: \"1\"")]
    [TestCase("If-None-Match: *, *")]
    public async Task Other_conditions_are_refused(string header)
    {
        RawAnswer answer = await _host.PutAsync("/v1/kv/a", "1", header);
        Assert.That((answer.Status, answer.Code), Is.EqualTo((400, "invalid_argument")));
        Assert.That(_host.Router.Writes, Is.Empty);
    }

    [Test]
    public async Task Both_conditions_at_once_are_refused()
    {
        RawAnswer answer = await _host.PutAsync("/v1/kv/a", "1", "If-Match: \"1\"", "If-None-Match: *");
        Assert.That((answer.Status, answer.Code), Is.EqualTo((400, "invalid_argument")));
    }

    [Test]
    public async Task Ack_leader_answers_the_entry_without_a_token()
    {
        RawAnswer answer = await _host.PutAsync("/v1/kv/a?ack=leader", "1");
        Assert.That(answer.Text, Is.EqualTo("""{"range":2,"term":7,"index":1,"committed":false}"""));
        Assert.That(answer.Headers.ContainsKey("RaftDb-Token"), Is.False);
        Assert.That(_host.Router.Writes[^1].Ack, Is.EqualTo(AckMode.Leader));
        Assert.That((await _host.DeleteAsync("/v1/kv/a?ack=leader")).Text, Is.EqualTo("""{"range":2,"term":7,"index":2,"committed":false}"""));
    }

    [Test]
    public async Task Ack_leader_with_a_condition_is_refused()
    {
        RawAnswer answer = await _host.PutAsync("/v1/kv/a?ack=leader", "1", "If-Match: \"1\"");
        Assert.That((answer.Status, answer.Code), Is.EqualTo((400, "invalid_argument")));
    }

    [Test]
    public async Task Ack_all_lists_who_has_it_and_who_does_not()
    {
        RawAnswer answer = await _host.PutAsync("/v1/kv/a?ack=all", "1");
        Assert.That(answer.Text, Is.EqualTo("""{"range":2,"index":1,"version":1,"acked":[1,2],"absent":[3]}"""));
    }

    [Test]
    public async Task A_token_grows_with_what_the_client_sees()
    {
        await _host.PutAsync("/v1/kv/a", "1");
        RawAnswer answer = await _host.GetAsync("/v1/kv/z?consistency=session", "RaftDb-Token: 2:17,5:3");
        Assert.That(answer["RaftDb-Token"], Is.EqualTo("2:17,3:1,5:3"));
        Assert.That(_host.Router.LastRead!.Token[new(2)].Value, Is.EqualTo(17));
        Assert.That(_host.Router.LastRead.Consistency, Is.EqualTo(Consistency.Session));
    }

    [Test]
    public async Task A_timeout_is_passed_on_and_defaults_to_five_seconds()
    {
        await _host.GetAsync("/v1/kv/a");
        Assert.That(_host.Router.LastTimeout, Is.EqualTo(TimeSpan.FromSeconds(5)));
        await _host.GetAsync("/v1/kv/a", "RaftDb-Timeout-Ms: 250");
        Assert.That(_host.Router.LastTimeout, Is.EqualTo(TimeSpan.FromMilliseconds(250)));
    }

    [Test]
    public async Task A_client_that_disconnects_cancels_its_wait()
    {
        _host.Router.Gate = new();
        using (TcpClient client = new())
        {
            await client.ConnectAsync(IPAddress.Loopback, _host.Port);
            await RawHttp.WriteRequestAsync(client.GetStream(), "GET", "/v1/kv/a", null, [], CancellationToken.None);
            await _host.Router.Waiting.Task.WaitAsync(TimeSpan.FromSeconds(10));
        }

        await _host.Router.Cancelled.Task.WaitAsync(TimeSpan.FromSeconds(10));
        Assert.That(_host.Log, Is.Empty);
    }

    private async Task<RawAnswer> SendChunkedAsync(string chunks)
    {
        // RawHttp counts a body's length itself, so the chunks go after the headers by hand.
        using TcpClient client = new();
        await client.ConnectAsync(IPAddress.Loopback, _host.Port);
        byte[] request = Encoding.ASCII.GetBytes("PUT /v1/kv/a HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks);
        await client.GetStream().WriteAsync(request);
        return await RawHttp.ReadAnswerAsync(client.GetStream());
    }
}
