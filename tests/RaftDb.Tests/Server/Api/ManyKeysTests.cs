using RaftDb.Server.Api;
using RaftDb.Server.Ranges;

namespace RaftDb.Tests.Server.Api;

/// <summary>POST /v1/get and DELETE /v1/kv over three ranges: up to h, up to p, and the rest.</summary>
internal sealed class ManyKeysTests
{
    private ApiHost _host = null!;

    [SetUp]
    public async Task StartAsync()
    {
        _host = await ApiHost.StartAsync(new("h", "p"), new ApiOptions { MaxScanBytes = 10 });
        foreach (string key in new[] { "a", "b", "i", "z" })
        {
            await _host.PutAsync($"/v1/kv/{key}", $"[{key}]");
        }
    }

    [TearDown]
    public ValueTask StopAsync() => _host.DisposeAsync();

    [Test]
    public async Task Keys_of_all_ranges_are_answered_in_their_order()
    {
        RawAnswer answer = await _host.PostAsync("/v1/get", """{"keys":["z","a","nope",{"base64":"aQ=="},"a"]}""");
        Assert.That(answer.Text, Is.EqualTo(
            """{"items":[{"key":"z","value":"[z]","version":1,"index":4},{"key":"a","value":"[a]","version":1,"index":1},{"key":"nope","version":0},"""
            + """{"key":"i","value":"[i]","version":1,"index":3},{"key":"a","value":"[a]","version":1,"index":1}],"next":null}"""));
        Assert.That((answer["RaftDb-Token"], answer["RaftDb-Staleness-Ms"]), Is.EqualTo(("2:4,3:4,4:4", "2")));
    }

    [Test]
    public async Task An_answer_that_is_large_enough_says_where_to_go_on()
    {
        _host.Router.ManyAtOnce = 1;
        RawAnswer answer = await _host.PostAsync("/v1/get?consistency=eventual", """{"keys":["a","z","b","i"]}""");
        Assert.That(answer.Text, Is.EqualTo(
            """{"items":[{"key":"a","value":"[a]","version":1,"index":1},{"key":"z","value":"[z]","version":1,"index":4}],"next":2}"""));
        Assert.That(_host.Router.LastRead!.Consistency, Is.EqualTo(Consistency.Eventual));
    }

    [TestCase("""{"keys":[]}""", "There are no keys")]
    [TestCase("""{"keys":"a"}""", "keys must be an array")]
    [TestCase("""{"keys":["a",""]}""", "keys[1]")]
    [TestCase("""{"names":["a"]}""", "names is unknown")]
    [TestCase("[]", "must be an object")]
    public async Task A_request_that_makes_no_sense_is_told_why(string body, string why)
    {
        RawAnswer answer = await _host.PostAsync("/v1/get", body);
        Assert.That((answer.Status, answer.Code), Is.EqualTo((400, "invalid_argument")));
        Assert.That(answer.Detail, Does.Contain(why));
    }

    [Test]
    public async Task A_range_that_fails_is_the_answer()
    {
        _host.Router.Failures[3] = new(ErrorCode.Unavailable, "Range 3 has no quorum.");
        Assert.That((await _host.PostAsync("/v1/get", """{"keys":["a","i"]}""")).Detail, Is.EqualTo("Range 3 has no quorum."));
        Assert.That((await _host.DeleteAsync("/v1/kv?prefix=")).Detail, Is.EqualTo("Range 3 has no quorum."));
    }

    [Test]
    public async Task Keys_between_bounds_go_in_all_ranges_so_many_at_a_time()
    {
        RawAnswer first = await _host.DeleteAsync("/v1/kv?start=b&limit=2", "RaftDb-Session: 00000000000000000000000000000007", "RaftDb-Sequence: 3", "RaftDb-Token: 9:9");
        Assert.That((first.Status, first.Text), Is.EqualTo((200, """{"deleted":2,"more":true}""")));
        Assert.That(first["RaftDb-Token"], Is.EqualTo("2:5,3:6,9:9"));
        WriteRequest[] writes = [.. _host.Router.Writes.TakeLast(2)];
        Assert.That(writes.Select(write => (write.Session!.Value.Sequence, write.Session.Value.Part, write.Then[0].Number)), Is.EqualTo(new[] { (3UL, 0U, 2L), (3UL, 1U, 1L) }));

        RawAnswer second = await _host.DeleteAsync("/v1/kv?start=b&limit=2");
        Assert.That(second.Text, Is.EqualTo("""{"deleted":1,"more":false}"""));
        Assert.That((await _host.GetAsync("/v1/kv?keys_only=true")).Text, Does.Contain("\"a\"").And.Not.Contain("\"b\""));
    }

    [Test]
    public async Task Only_what_lies_between_the_bounds_goes()
    {
        Assert.That((await _host.DeleteAsync("/v1/kv?prefix=i")).Text, Is.EqualTo("""{"deleted":1,"more":false}"""));
        Assert.That(_host.Router.Writes[^1].Then[0].End.ToArray(), Is.EqualTo("j"u8.ToArray()));
        Assert.That((await _host.DeleteAsync("/v1/kv?start=b&end=c")).Text, Is.EqualTo("""{"deleted":1,"more":false}"""));
        Assert.That((await _host.DeleteAsync("/v1/kv?start=b&end=c")).Text, Is.EqualTo("""{"deleted":0,"more":false}"""));
    }

    [TestCase("", "Give start, end or prefix")]
    [TestCase("?limit=5", "Give start, end or prefix")]
    [TestCase("?start=b&end=a", "leave no key between them")]
    [TestCase("?prefix=a&reverse=true", "no parameter 'reverse' here")]
    public async Task Bounds_that_make_no_sense_are_told_why(string query, string why)
    {
        RawAnswer answer = await _host.DeleteAsync("/v1/kv" + query);
        Assert.That((answer.Status, answer.Code), Is.EqualTo((400, "invalid_argument")));
        Assert.That(answer.Detail, Does.Contain(why));
    }
}
