using System.Text.Json;
using RaftDb.Server.Ranges;
using RaftDb.Storage;

namespace RaftDb.Tests.Server.Api;

/// <summary>Status, health, metrics, transfer, and the OpenAPI document.</summary>
internal sealed class ClusterEndpointTests
{
    private ApiHost _host = null!;

    [SetUp]
    public async Task StartAsync() => _host = await ApiHost.StartAsync();

    [TearDown]
    public ValueTask StopAsync() => _host.DisposeAsync();

    [Test]
    public async Task Status_shows_nodes_ranges_and_problems()
    {
        RawAnswer answer = await _host.GetAsync("/v1/status");
        Assert.That((answer.Status, answer["Content-Type"]), Is.EqualTo((200, "application/json")));
        Assert.That(answer.Text, Is.EqualTo(
            """{"cluster":"c1","node":1,"version":"0.1.0","nodes":[{"id":1,"http":"127.0.0.1:8101","resp":null,"peer":"127.0.0.1:8301","zone":null,"alive":true,"suspicion":null,"ranges":1,"leaders":1,"sqlite":"3.35.5"}],"""
            + """ "ranges":[{"id":2,"kind":"kv","start":null,"end":{"base64":"/w=="},"generation":1,"leader":1,"term":7,"commit":17,""".TrimStart()
            + """ "replicas":[{"node":1,"replica":1,"role":"leader","state":null,"match":17,"applied":17,"lag":0,"suspicion":null}],"bytes":100,"keys":3,"first_retained":1}],"problems":["node 2 is down"]}""".TrimStart()));
    }

    [Test]
    public async Task Nodes_and_ranges_are_lists_of_items()
    {
        JsonElement nodes = (await _host.GetAsync("/v1/nodes")).Json.GetProperty("items");
        Assert.That(nodes[0].GetProperty("http").GetString(), Is.EqualTo("127.0.0.1:8101"));
        JsonElement ranges = (await _host.GetAsync("/v1/ranges")).Json.GetProperty("items");
        Assert.That(ranges[0].GetProperty("replicas")[0].GetProperty("role").GetString(), Is.EqualTo("leader"));
    }

    [Test]
    public async Task A_digest_names_the_entry_that_it_belongs_to()
    {
        Assert.That((await _host.GetAsync("/v1/ranges/2/digest")).Text, Is.EqualTo("""{"range":2,"node":1,"index":17,"term":7,"hash":"00ff","keys":3}"""));
        Assert.That((await _host.GetAsync("/v1/ranges/9/digest")).Code, Is.EqualTo("not_found"));
        Assert.That((await _host.GetAsync("/v1/ranges/two/digest")).Code, Is.EqualTo("invalid_argument"));
    }

    [Test]
    public async Task A_check_compares_all_ranges_or_one()
    {
        const string Equal = """{"equal":true,"ranges":[{"range":2,"verdict":"equal","detail":null,"replicas":[{"node":1,"replica":1,"index":17,"keys":3,"digest":"00ff","verdict":"equal","detail":null,"differs":[]}]}]}""";
        Assert.That((await _host.PostAsync("/v1/check", "{}")).Text, Is.EqualTo(Equal));
        Assert.That((await _host.PostAsync("/v1/check", """{"range":2}""")).Text, Is.EqualTo(Equal));
        Assert.That((await _host.PostAsync("/v1/check", """{"range":null}""")).Status, Is.EqualTo(200));
        Assert.That((await _host.PostAsync("/v1/check", """{"range":9}""")).Code, Is.EqualTo("not_found"));
    }

    [TestCase("[]")]
    [TestCase("""{"range":0}""")]
    [TestCase("""{"range":"two"}""")]
    [TestCase("""{"range":2,"more":1}""")]
    public async Task A_check_of_something_else_is_refused(string body) =>
        Assert.That((await _host.PostAsync("/v1/check", body)).Code, Is.EqualTo("invalid_argument"));

    [Test]
    public async Task A_move_names_both_nodes()
    {
        Assert.That((await _host.PostAsync("/v1/ranges/2/move", """{"from":1,"to":4}""")).Text, Is.EqualTo("""{"range":2,"from":1,"to":4}"""));
        Assert.That((await _host.PostAsync("/v1/ranges/9/move", """{"from":1,"to":4}""")).Code, Is.EqualTo("not_found"));
        Assert.That((await _host.PostAsync("/v1/ranges/2/move", """{"to":4}""")).Code, Is.EqualTo("invalid_argument"));
        Assert.That((await _host.PostAsync("/v1/ranges/2/move", """{"from":0,"to":4}""")).Code, Is.EqualTo("invalid_argument"));
        Assert.That((await _host.PostAsync("/v1/ranges/two/move", """{"from":1,"to":4}""")).Code, Is.EqualTo("invalid_argument"));
    }

    [Test]
    public async Task A_backup_of_a_range_that_is_not_here_is_a_problem()
    {
        Assert.That((await _host.GetAsync("/v1/ranges/9/backup")).Code, Is.EqualTo("not_found"));
        Assert.That((await _host.GetAsync("/v1/ranges/two/backup")).Code, Is.EqualTo("invalid_argument"));
    }

    [Test]
    public async Task Transfer_reaches_the_router()
    {
        RawAnswer answer = await _host.PostAsync("/v1/ranges/2/transfer", """{"to":3}""", "RaftDb-Timeout-Ms: 700");
        Assert.That((answer.Status, answer.Text), Is.EqualTo((200, """{"range":2,"leader":3}""")));
        Assert.That(_host.Router.LastTransfer, Is.EqualTo(((RangeId, NodeId)?)(new(2), new(3))));
        Assert.That(_host.Router.LastTimeout, Is.EqualTo(TimeSpan.FromMilliseconds(700)));
    }

    [TestCase("/v1/ranges/x/transfer", """{"to":3}""")]
    [TestCase("/v1/ranges/0/transfer", """{"to":3}""")]
    [TestCase("/v1/ranges/2/transfer", "")]
    [TestCase("/v1/ranges/2/transfer", "3")]
    [TestCase("/v1/ranges/2/transfer", "{}")]
    [TestCase("/v1/ranges/2/transfer", """{"to":0}""")]
    [TestCase("/v1/ranges/2/transfer", """{"to":"3"}""")]
    [TestCase("/v1/ranges/2/transfer", """{"to":3,"from":1}""")]
    [TestCase("/v1/ranges/2/transfer?force=true", """{"to":3}""")]
    public async Task A_wrong_transfer_is_refused(string target, string body)
    {
        RawAnswer answer = await _host.PostAsync(target, body);
        Assert.That((answer.Status, answer.Code), Is.EqualTo((400, "invalid_argument")));
        Assert.That(_host.Router.LastTransfer, Is.Null);
    }

    [Test]
    public async Task Ready_tells_why_not_and_live_does_not_care()
    {
        Assert.That((await _host.GetAsync("/readyz")).Status, Is.EqualTo(200));
        _host.Node.NotReady = "range 2 has no leader";
        RawAnswer answer = await _host.GetAsync("/readyz");
        Assert.That((answer.Status, answer.Text), Is.EqualTo((503, "range 2 has no leader\n")));
        Assert.That((await _host.GetAsync("/livez")).Status, Is.EqualTo(200));
    }

    [Test]
    public async Task Metrics_count_requests_by_kind_and_code()
    {
        await _host.PutAsync("/v1/kv/a", "1");
        await _host.PutAsync("/v1/kv/a", "1", "If-None-Match: *");
        await _host.GetAsync("/v1/kv/b");
        await _host.GetAsync("/nowhere");
        _host.Router.Failures[0] = new(ErrorCode.Unavailable, "x");
        await _host.GetAsync("/v1/kv/b");
        RawAnswer answer = await _host.GetAsync("/metrics");
        Assert.That(answer["Content-Type"], Is.EqualTo("text/plain; version=0.0.4; charset=utf-8"));
        Assert.That(answer.Text.Split('\n').Where(line => line.StartsWith("raftdb_requests_total")), Is.EqualTo(new[]
        {
            "raftdb_requests_total{kind=\"get\",code=\"not_found\"} 1",
            "raftdb_requests_total{kind=\"get\",code=\"unavailable\"} 1",
            "raftdb_requests_total{kind=\"other\",code=\"not_found\"} 1",
            "raftdb_requests_total{kind=\"put\",code=\"condition_failed\"} 1",
            "raftdb_requests_total{kind=\"put\",code=\"ok\"} 1",
        }));
        Assert.That(answer.Text, Does.Contain("raftdb_request_duration_seconds_count{kind=\"put\"} 2\n"));
    }

    [Test]
    public async Task The_openapi_document_lists_every_path_with_its_methods()
    {
        RawAnswer answer = await _host.GetAsync("/openapi/v1.json");
        Assert.That(answer.Status, Is.EqualTo(200), string.Join("\n", _host.Log));
        string[] operations = [.. answer.Json.GetProperty("paths").EnumerateObject().SelectMany(path => path.Value.EnumerateObject()
            .Select(operation => $"{operation.Name} {path.Name}")).Order(StringComparer.Ordinal)];
        Assert.That(operations, Is.EqualTo(new[]
        {
            "delete /v1/kv", "delete /v1/kv/{key}", "delete /v1/nodes/{id}",
            "get /livez", "get /metrics", "get /readyz", "get /v1/id", "get /v1/kv", "get /v1/kv/{key}", "get /v1/nodes", "get /v1/ranges",
            "get /v1/ranges/{id}/backup", "get /v1/ranges/{id}/digest", "get /v1/status", "get /v1/watch",
            "post /v1/batch", "post /v1/check", "post /v1/get", "post /v1/nodes/{id}/drain", "post /v1/ranges/{id}/merge", "post /v1/ranges/{id}/move",
            "post /v1/ranges/{id}/split", "post /v1/ranges/{id}/transfer", "post /v1/sessions", "post /v1/txn",
            "put /v1/kv/{key}",
        }));
    }

    [Test]
    public async Task The_openapi_document_describes_parameters_bodies_and_answers()
    {
        JsonElement paths = (await _host.GetAsync("/openapi/v1.json")).Json.GetProperty("paths");
        JsonElement put = paths.GetProperty("/v1/kv/{key}").GetProperty("put");
        Assert.That(put.GetProperty("summary").GetString(), Is.EqualTo("Write a key"));
        Assert.That(put.GetProperty("operationId").GetString(), Is.EqualTo("putKey"));
        Assert.That(Parameters(put), Is.EqualTo(new[] { "path key", "query ack", "query ttl", "header If-Match", "header If-None-Match", "header RaftDb-Session", "header RaftDb-Sequence", "header RaftDb-Acknowledged", "header RaftDb-Token", "header RaftDb-Timeout-Ms" }));
        Assert.That(put.GetProperty("requestBody").GetProperty("content").TryGetProperty("application/octet-stream", out _), Is.True);
        Assert.That(put.GetProperty("responses").GetProperty("200").GetProperty("content").TryGetProperty("application/json", out _), Is.True);
        Assert.That(put.GetProperty("responses").GetProperty("400").GetProperty("content").TryGetProperty("application/problem+json", out _), Is.True);
        JsonElement txn = paths.GetProperty("/v1/txn").GetProperty("post").GetProperty("requestBody").GetProperty("content").GetProperty("application/json");
        Assert.That(txn.GetProperty("schema").GetRawText(), Does.Contain("TransactionRequest").Or.Contains("compare"));
        JsonElement scan = paths.GetProperty("/v1/kv").GetProperty("get");
        Assert.That(Parameters(scan), Does.Contain("query keys_only").And.Contains("query max_staleness"));
        foreach (JsonProperty path in paths.EnumerateObject())
        {
            foreach (JsonProperty operation in path.Value.EnumerateObject())
            {
                Assert.That(operation.Value.GetProperty("summary").GetString(), Is.Not.Empty, path.Name);
            }
        }
    }

    [Test]
    public async Task The_openapi_document_names_members_as_the_answers_do()
    {
        JsonElement schemas = (await _host.GetAsync("/openapi/v1.json")).Json.GetProperty("components").GetProperty("schemas");
        Assert.That(schemas.GetProperty("RangeStatus").GetProperty("properties").TryGetProperty("first_retained", out _), Is.True);
    }

    private static string[] Parameters(JsonElement operation) =>
        [.. operation.GetProperty("parameters").EnumerateArray().Select(p => $"{p.GetProperty("in").GetString()} {p.GetProperty("name").GetString()}")];
}
