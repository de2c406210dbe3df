using RaftDb.Raft;
using RaftDb.Server.Api;
using RaftDb.Server.Ranges;

namespace RaftDb.Tests.Server.Api;

/// <summary>Errors: their documents to the byte, and that every code has its status.</summary>
internal sealed class ProblemTests
{
    private ApiHost _host = null!;

    [SetUp]
    public async Task StartAsync() => _host = await ApiHost.StartAsync();

    [TearDown]
    public ValueTask StopAsync() => _host.DisposeAsync();

    [TestCase(ErrorCode.InvalidArgument, 400, "invalid_argument")]
    [TestCase(ErrorCode.Unauthenticated, 401, "unauthenticated")]
    [TestCase(ErrorCode.PermissionDenied, 403, "permission_denied")]
    [TestCase(ErrorCode.NotFound, 404, "not_found")]
    [TestCase(ErrorCode.CrossRange, 409, "cross_range")]
    [TestCase(ErrorCode.SessionExpired, 409, "session_expired")]
    [TestCase(ErrorCode.Compacted, 410, "compacted")]
    [TestCase(ErrorCode.ConditionFailed, 412, "condition_failed")]
    [TestCase(ErrorCode.TooLarge, 413, "too_large")]
    [TestCase(ErrorCode.RangeChanged, 421, "range_changed")]
    [TestCase(ErrorCode.Overloaded, 429, "overloaded")]
    [TestCase(ErrorCode.Internal, 500, "internal")]
    [TestCase(ErrorCode.Unavailable, 503, "unavailable")]
    [TestCase(ErrorCode.NotLeader, 503, "not_leader")]
    [TestCase(ErrorCode.TooStale, 503, "too_stale")]
    [TestCase(ErrorCode.OutcomeUnknown, 504, "outcome_unknown")]
    [TestCase(ErrorCode.NoSpace, 507, "no_space")]
    public async Task Each_error_has_its_status_and_code(ErrorCode code, int status, string text)
    {
        _host.Router.Failures[0] = new(code, "Because.");
        RawAnswer[] answers =
        [
            await _host.GetAsync("/v1/kv/a"),
            await _host.PutAsync("/v1/kv/a", "1"),
            await _host.DeleteAsync("/v1/kv/a"),
            await _host.GetAsync("/v1/kv"),
            await _host.PostAsync("/v1/txn", """{"then":[{"get":{"key":"a"}}]}"""),
            await _host.PostAsync("/v1/batch", """{"ops":[{"delete":{"key":"a"}}]}"""),
            await _host.PostAsync("/v1/ranges/2/transfer", """{"to":1}"""),
        ];
        Assert.That(answers.Select(answer => (answer.Status, answer.Code, answer.Detail)), Is.All.EqualTo((status, text, "Because.")));
        Assert.That(answers.Select(answer => answer["Retry-After"]), Is.All.EqualTo(code == ErrorCode.Overloaded ? "1" : null));
    }

    [Test]
    public async Task A_broken_invariant_stops_the_node_and_any_other_fault_does_not()
    {
        _host.Router.Throws = new InvalidOperationException("a fault");
        Assert.That((await _host.GetAsync("/v1/kv/a")).Status, Is.EqualTo(500));
        Assert.That(_host.NodeFailures, Is.Empty);
        InvariantBrokenException broken = new("a replica was posted what it does not know");
        _host.Router.Throws = broken;
        Assert.That((await _host.GetAsync("/v1/kv/a")).Status, Is.EqualTo(500));
        Assert.That(_host.NodeFailures, Is.EqualTo((Exception[])[broken]));
    }

    [Test]
    public void Every_code_has_a_document() =>
        Assert.That(Enum.GetValues<ErrorCode>().Select(Problems.Status), Is.All.InRange(400, 599));

    [Test]
    public async Task Documents_are_these_bytes()
    {
        List<string> documents = [];
        RequestError[] errors =
        [
            new(ErrorCode.NotFound, "The key is absent."),
            new(ErrorCode.NotLeader, "Node 2 leads.", Leader: new(2)),
            new(ErrorCode.ConditionFailed, "The key's version is 3.", Version: 3, Index: 17),
            new(ErrorCode.TooStale, "Too old.", Staleness: TimeSpan.FromMilliseconds(700.5)),
            new(ErrorCode.Overloaded, "Too \"much\".", RetryAfter: TimeSpan.FromMilliseconds(50)),
        ];
        foreach (RequestError error in errors)
        {
            _host.Router.Failures[0] = error;
            documents.Add((await _host.GetAsync("/v1/kv/a")).Text);
        }

        Assert.That(string.Join("\n", documents) + "\n", Is.EqualTo("""
            {"type":"urn:raftdb:problem:not_found","title":"Not found","status":404,"detail":"The key is absent.","code":"not_found"}
            {"type":"urn:raftdb:problem:not_leader","title":"Another node leads the range","status":503,"detail":"Node 2 leads.","code":"not_leader","leader":2}
            {"type":"urn:raftdb:problem:condition_failed","title":"A condition does not hold","status":412,"detail":"The key's version is 3.","code":"condition_failed","version":3,"index":17}
            {"type":"urn:raftdb:problem:too_stale","title":"No replica is fresh enough","status":503,"detail":"Too old.","code":"too_stale","staleness_ms":701}
            {"type":"urn:raftdb:problem:overloaded","title":"Too much is under way","status":429,"detail":"Too \"much\".","code":"overloaded"}

            """));
    }

    [TestCase("GET", "/")]
    [TestCase("GET", "/v1/nothing")]
    [TestCase("POST", "/v2/kv/a")]
    [TestCase("GET", "/v1/kvx")]
    [TestCase("GET", "/openapi/v2.json")]
    public async Task An_unknown_path_is_not_found_by_name(string method, string path)
    {
        RawAnswer answer = await RawHttp.SendAsync(_host.Port, method, path, []);
        Assert.That((answer.Status, answer.Code), Is.EqualTo((404, "not_found")));
        Assert.That(answer.Detail, Does.Contain(path));
    }

    [TestCase("POST", "/v1/kv/a", "GET, PUT, DELETE")]
    [TestCase("HEAD", "/v1/txn", "POST")]
    [TestCase("PUT", "/v1/kv", "DELETE, GET")]
    [TestCase("DELETE", "/metrics", "GET")]
    [TestCase("GET", "/v1/ranges/2/transfer", "POST")]
    public async Task A_wrong_method_is_told_the_right_ones(string method, string path, string allowed)
    {
        RawAnswer answer = await RawHttp.SendAsync(_host.Port, method, path, []);
        Assert.That((answer.Status, answer["Allow"]), Is.EqualTo((405, allowed)));
        if (method != "HEAD")
        {
            Assert.That((answer.Code, answer.Detail), Is.EqualTo(("invalid_argument", $"{method} is not possible here: {allowed} is.")));
        }
    }

    [Test]
    public async Task An_exception_is_logged_and_not_shown()
    {
        _host.Router.Throws = new InvalidOperationException("secret");
        RawAnswer answer = await _host.GetAsync("/v1/kv/a");
        Assert.That((answer.Status, answer.Code), Is.EqualTo((500, "internal")));
        Assert.That(answer.Text, Does.Not.Contain("secret").And.Not.Contains("  at "));
        Assert.That(_host.Log.Single(), Does.StartWith("Error: GET /v1/kv/a failed.").And.Contains("secret"));
    }

    [TestCase("POST", "/v1/ranges/2/split")]
    [TestCase("POST", "/v1/ranges/2/merge")]
    [TestCase("POST", "/v1/nodes/2/drain")]
    [TestCase("DELETE", "/v1/nodes/2")]
    public async Task What_is_not_supported_says_so_and_what_to_do(string method, string target)
    {
        RawAnswer answer = await RawHttp.SendAsync(_host.Port, method, target, "{}"u8.ToArray());
        Assert.That((answer.Status, answer.Code), Is.EqualTo((400, "invalid_argument")));
        Assert.That(answer.Detail, Does.Contain("not supported by this version. ").And.EndsWith("."));
    }

    [Test]
    public async Task A_request_line_over_the_limit_is_refused()
    {
        RawAnswer answer = await _host.GetAsync("/v1/kv?prefix=" + new string('a', 17_000));
        Assert.That(answer.Status, Is.EqualTo(414));
    }
}
