using System.Text.Json;
using RaftDb.Server.Ranges;

namespace RaftDb.Tests.Server.Api;

/// <summary>POST /v1/batch over two ranges: up to m, and the rest.</summary>
internal sealed class BatchTests
{
    private const string Mixed = """
        {"ops":[{"put":{"key":"a","value":"1"}},{"put":{"key":"z","value":"2"}},{"increment":{"key":"n","by":5}},{"delete":{"key":"a"}},{"delete_range":{"start":"b","end":"c"}}]}
        """;

    private ApiHost _host = null!;

    [SetUp]
    public async Task StartAsync() => _host = await ApiHost.StartAsync(new("m"));

    [TearDown]
    public ValueTask StopAsync() => _host.DisposeAsync();

    [Test]
    public async Task Operations_are_one_write_per_range_and_results_come_in_their_order()
    {
        RawAnswer answer = await _host.PostAsync("/v1/batch", Mixed);
        Assert.That(answer.Status, Is.EqualTo(200), answer.Text);
        Assert.That(_host.Router.Writes.Select(write => write.Then.Count), Is.EquivalentTo(new[] { 3, 2 }));
        Assert.That(answer.Text, Is.EqualTo(
            """{"results":[{"range":2,"index":1,"version":1},{"range":3,"index":2,"version":1},{"range":3,"index":2,"version":1,"value":"5"},"""
            + """{"range":2,"index":1,"deleted":true},{"range":2,"index":1,"count":0,"more":false}]}"""));
        Assert.That((answer["RaftDb-Node"], answer["RaftDb-Token"]), Is.EqualTo(("1", "2:1,3:2")));
    }

    [Test]
    public async Task Ack_leader_answers_entries_without_a_token()
    {
        RawAnswer answer = await _host.PostAsync("/v1/batch?ack=leader", """{"ops":[{"put":{"key":"a","value":"1"}},{"delete":{"key":"z"}}]}""");
        Assert.That(answer.Text, Is.EqualTo(
            """{"results":[{"range":2,"term":7,"index":1,"committed":false},{"range":3,"term":7,"index":2,"committed":false}]}"""));
        Assert.That(answer.Headers.ContainsKey("RaftDb-Token"), Is.False);
    }

    [Test]
    public async Task Ack_all_lists_who_has_each()
    {
        RawAnswer answer = await _host.PostAsync("/v1/batch?ack=all", """{"ops":[{"put":{"key":"a","value":"1"}}]}""");
        Assert.That(answer.Text, Is.EqualTo("""{"results":[{"range":2,"index":1,"version":1,"acked":[1,2],"absent":[3]}]}"""));
    }

    [Test]
    public async Task When_a_range_fails_the_answer_is_its_error_with_all_results()
    {
        _host.Router.Failures[3] = new(ErrorCode.Unavailable, "Range 3 has no quorum.");
        RawAnswer answer = await _host.PostAsync("/v1/batch", Mixed);
        Assert.That((answer.Status, answer.Code, answer.Detail), Is.EqualTo((503, "unavailable", "Range 3 has no quorum.")));
        JsonElement results = answer.Json.GetProperty("results");
        Assert.That(results.GetArrayLength(), Is.EqualTo(5));
        Assert.That(results[0].GetRawText(), Is.EqualTo("""{"range":2,"index":1,"version":1}"""));
        Assert.That(results[1].GetProperty("error").GetProperty("code").GetString(), Is.EqualTo("unavailable"));
        Assert.That(results[2].GetProperty("error").GetProperty("code").GetString(), Is.EqualTo("unavailable"));
        Assert.That(results[3].GetProperty("deleted").GetBoolean(), Is.True);
        Assert.That(answer["RaftDb-Token"], Is.EqualTo("2:1"), "what was done was seen");
    }

    [Test]
    public async Task When_all_ranges_fail_the_first_operation_decides()
    {
        _host.Router.Failures[2] = new(ErrorCode.Overloaded, "Too much.", RetryAfter: TimeSpan.FromSeconds(2.1));
        _host.Router.Failures[3] = new(ErrorCode.Unavailable, "No quorum.");
        RawAnswer answer = await _host.PostAsync("/v1/batch", """{"ops":[{"put":{"key":"z","value":"1"}},{"put":{"key":"a","value":"1"}}]}""");
        Assert.That((answer.Status, answer.Code), Is.EqualTo((503, "unavailable")));
        answer = await _host.PostAsync("/v1/batch", Mixed);
        Assert.That((answer.Status, answer.Code, answer["Retry-After"]), Is.EqualTo((429, "overloaded", "3")));
    }

    [Test]
    public async Task A_rejected_operation_fails_its_range_only()
    {
        await _host.PutAsync("/v1/kv/n", "none");
        RawAnswer answer = await _host.PostAsync("/v1/batch", Mixed);
        Assert.That((answer.Status, answer.Code), Is.EqualTo((400, "invalid_argument")));
        Assert.That(answer.Json.GetProperty("results")[0].GetProperty("version").GetUInt64(), Is.EqualTo(1));
    }

    [TestCase("{}", "The batch is empty")]
    [TestCase("""{"ops":[]}""", "The batch is empty")]
    [TestCase("[]", "must be an object with ops")]
    [TestCase("""{"then":[]}""", "then is unknown: the body has ops")]
    [TestCase("""{"ops":[{"delete":{"key":"a"}},{"get":{"key":"a"}}]}""", "ops[1].get is no write")]
    [TestCase("""{"ops":[{"put":{"key":"a","valeu":""}}]}""", "ops[0].put.valeu is unknown")]
    public async Task What_is_wrong_is_named_by_its_place(string body, string detail)
    {
        RawAnswer answer = await _host.PostAsync("/v1/batch", body);
        Assert.That((answer.Status, answer.Code), Is.EqualTo((400, "invalid_argument")));
        Assert.That(answer.Detail, Does.Contain(detail));
        Assert.That(_host.Router.Writes, Is.Empty);
    }

    [Test]
    public async Task Ack_leader_is_for_put_and_delete_only()
    {
        RawAnswer answer = await _host.PostAsync("/v1/batch?ack=leader", Mixed);
        Assert.That((answer.Status, answer.Code), Is.EqualTo((400, "invalid_argument")));
        Assert.That(answer.Detail, Does.Contain("ops[2]"));
    }
}
