using System.Text;
using RaftDb.Server.Api;
using RaftDb.Server.Ranges;
using RaftDb.Server.Replicas;
using RaftDb.Storage.StateMachines.Commands;

namespace RaftDb.Tests.Server.Api;

/// <summary>POST /v1/txn.</summary>
internal sealed class TransactionTests
{
    private ApiHost _host = null!;

    [SetUp]
    public async Task StartAsync() => _host = await ApiHost.StartAsync(new("m"), new() { MaxValueBytes = 1000, MaxJsonBytes = 10_000, MaxOperations = 5 });

    [TearDown]
    public ValueTask StopAsync() => _host.DisposeAsync();

    [Test]
    public async Task Each_operation_of_the_branch_taken_has_its_result()
    {
        await _host.PutAsync("/v1/kv/a", "1");
        await _host.PutAsync("/v1/kv/n", "41");
        RawAnswer answer = await _host.PostAsync("/v1/txn", """
            {"compare":[{"key":"a","version":1},{"key":"a","index":1},{"key":"a","value":"1"},{"key":"b","exists":false}],
             "then":[{"put":{"key":"a","value":"2","ttl":"30s"}},{"get":{"key":"a"}},{"delete":{"key":"b"}},{"get":{"key":"b"}},{"increment":{"key":"a","by":-5}}],
             "else":[{"get":{"key":"a"}}]}
            """);
        Assert.That(answer.Status, Is.EqualTo(200), answer.Text);
        Assert.That(answer.Text, Is.EqualTo(
            """{"succeeded":true,"range":2,"index":3,"results":[{"op":"put","version":2,"index":3},"""
            + """{"op":"get","found":true,"value":"2","version":2,"index":3},{"op":"delete","deleted":false,"index":3},"""
            + """{"op":"get","found":false,"version":0,"index":0},{"op":"increment","value":"-3","version":3,"index":3}]}"""));
        Assert.That((answer["RaftDb-Node"], answer["RaftDb-Range"], answer["RaftDb-Index"], answer["RaftDb-Token"]), Is.EqualTo(("1", "2", "3", "2:3")));
        Assert.That(_host.Router.Writes[^1].Then[0].TtlMilliseconds, Is.EqualTo(30_000));
    }

    [TestCase("application/json")]
    [TestCase("application/x-www-form-urlencoded")]
    [TestCase("text/plain; charset=utf-8")]
    [TestCase("nonsense")]
    public async Task The_body_is_json_whatever_its_content_type_says(string contentType)
    {
        // curl calls what follows -d a form.
        RawAnswer answer = await _host.PostAsync("/v1/txn", """{"then":[{"get":{"key":"a"}}]}""", "Content-Type: " + contentType);
        Assert.That(answer.Status, Is.EqualTo(200), answer.Text);
        answer = await _host.PostAsync("/v1/batch", """{"ops":[{"delete":{"key":"a"}}]}""", "Content-Type: " + contentType);
        Assert.That(answer.Status, Is.EqualTo(200), answer.Text);
    }

    [Test]
    public async Task A_comparison_that_fails_takes_else_and_is_no_error()
    {
        await _host.PutAsync("/v1/kv/a", "1");
        RawAnswer answer = await _host.PostAsync("/v1/txn", """
            {"compare":[{"key":"a","exists":false}],"then":[{"put":{"key":"a","value":"2"}}],"else":[{"get":{"key":"a"}},{"delete_range":{"start":"a","end":"b","limit":3}}]}
            """);
        Assert.That((answer.Status, answer.Text), Is.EqualTo((200,
            """{"succeeded":false,"range":2,"index":2,"results":[{"op":"get","found":true,"value":"1","version":1,"index":1},{"op":"delete_range","count":1,"more":false,"index":2}]}""")));
    }

    [Test]
    public async Task Keys_and_values_may_be_base64_and_come_back_so()
    {
        RawAnswer answer = await _host.PostAsync("/v1/txn", """
            {"then":[{"put":{"key":{"base64":"AP8="},"value":{"base64":"/w=="}}},{"get":{"key":{"base64":"AP8="}}}]}
            """);
        Assert.That(_host.Router.Writes[^1].Then[0].Key.ToArray(), Is.EqualTo(new byte[] { 0, 0xFF }));
        Assert.That(answer.Json.GetProperty("results")[1].GetProperty("value").GetRawText(), Is.EqualTo("""{"base64":"/w=="}"""));
    }

    [Test]
    public async Task Defaults_are_one_to_add_and_a_thousand_to_delete()
    {
        await _host.PostAsync("/v1/txn", """{"then":[{"increment":{"key":"a"}},{"delete_range":{"start":null,"end":"b"}},{"delete_range":{"end":"c"}}]}""");
        IReadOnlyList<Operation> operations = _host.Router.Writes[^1].Then;
        Assert.That(operations.Select(o => o.Number), Is.EqualTo(new[] { 1L, 1_000, 1_000 }));
        Assert.That(Encoding.UTF8.GetString(operations[2].End.Span), Is.EqualTo("c"));
    }

    [Test]
    public async Task Ack_all_lists_who_has_it()
    {
        RawAnswer answer = await _host.PostAsync("/v1/txn?ack=all", """{"then":[{"put":{"key":"a","value":"1"}}]}""");
        Assert.That(answer.Text, Does.EndWith(",\"acked\":[1,2],\"absent\":[3]}"));
    }

    [Test]
    public async Task Keys_of_two_ranges_are_refused()
    {
        RawAnswer answer = await _host.PostAsync("/v1/txn", """{"compare":[{"key":"a","version":0}],"then":[{"put":{"key":"z","value":"1"}}]}""");
        Assert.That((answer.Status, answer.Code), Is.EqualTo((409, "cross_range")));
    }

    [Test]
    public async Task A_number_that_is_none_is_rejected_with_the_reason()
    {
        await _host.PutAsync("/v1/kv/a", "one");
        RawAnswer answer = await _host.PostAsync("/v1/txn", """{"then":[{"increment":{"key":"a","by":1}}]}""");
        Assert.That((answer.Status, answer.Code, answer.Detail), Is.EqualTo((400, "invalid_argument", "then[0]: the value is not a decimal 64-bit integer")));
    }

    [TestCase("", "JSON")]
    [TestCase("{", "JSON")]
    [TestCase("{} x", "JSON")]
    [TestCase("""{"then":[],}""", "JSON")]
    [TestCase("""{"then":[] /* none */}""", "JSON")]
    [TestCase("""{"then":[],"then":[]}""", "JSON")]
    [TestCase("""[[[[[[[[[[]]]]]]]]]]""", "JSON")]
    [TestCase("[]", "compare, then and else")]
    [TestCase("null", "compare, then and else")]
    [TestCase("{}", "empty")]
    [TestCase("""{"then":{}}""", "then must be a list")]
    [TestCase("""{"compare":1}""", "compare must be a list")]
    [TestCase("""{"Then":[]}""", "Then is unknown")]
    [TestCase("""{"then":[1]}""", "then[0] must be an object with one member")]
    [TestCase("""{"then":[{}]}""", "then[0] must be an object with one member")]
    [TestCase("""{"then":[{"get":{"key":"a"},"delete":{"key":"a"}}]}""", "then[0] must be an object with one member")]
    [TestCase("""{"else":[{"get":{"key":"a"}},{"scan":{"key":"a"}}]}""", "else[1].scan is no operation")]
    [TestCase("""{"then":[{"get":"a"}]}""", "then[0].get must be an object")]
    [TestCase("""{"then":[{"get":{}}]}""", "then[0].get.key is missing")]
    [TestCase("""{"then":[{"get":{"key":""}}]}""", "then[0].get.key is empty")]
    [TestCase("""{"then":[{"get":{"key":1}}]}""", "then[0].get.key must be a string or")]
    [TestCase("""{"then":[{"get":{"key":null}}]}""", "then[0].get.key must be a string or")]
    [TestCase("""{"then":[{"get":{"key":{"base64":"?"}}}]}""", "then[0].get.key must be a string or")]
    [TestCase("""{"then":[{"get":{"key":{"base64":"YQ==","x":1}}}]}""", "then[0].get.key must be a string or")]
    [TestCase("""{"then":[{"get":{"key":{"hex":"00"}}}]}""", "then[0].get.key must be a string or")]
    [TestCase("""{"then":[{"get":{"key":"\ud800"}}]}""", "then[0].get.key is not valid Unicode")]
    [TestCase("""{"then":[{"get":{"key":"a","kye":"b"}}]}""", "then[0].get.kye is unknown: get has key")]
    [TestCase("""{"then":[{"put":{"key":"a"}}]}""", "then[0].put.value is missing")]
    [TestCase("""{"then":[{"put":{"value":"a"}}]}""", "then[0].put.key is missing")]
    [TestCase("""{"then":[{"get":{"key":"a"}},{"get":{"key":"a"}},{"put":{"key":[],"value":""}}]}""", "then[2].put.key must be")]
    [TestCase("""{"then":[{"put":{"key":"a","value":"b","ttl":30}}]}""", "then[0].put.ttl must be")]
    [TestCase("""{"then":[{"put":{"key":"a","value":"b","ttl":"0s"}}]}""", "then[0].put.ttl must be")]
    [TestCase("""{"then":[{"increment":{"key":"a","by":1.5}}]}""", "then[0].increment.by must be")]
    [TestCase("""{"then":[{"increment":{"key":"a","by":"1"}}]}""", "then[0].increment.by must be")]
    [TestCase("""{"then":[{"increment":{"key":"a","by":9223372036854775808}}]}""", "then[0].increment.by must be")]
    [TestCase("""{"then":[{"delete_range":{"start":"b","end":"a"}}]}""", "then[0].delete_range has no key between")]
    [TestCase("""{"then":[{"delete_range":{"start":"a","end":"b","limit":0}}]}""", "then[0].delete_range.limit must be from 1")]
    [TestCase("""{"compare":["a"]}""", "compare[0] must be an object")]
    [TestCase("""{"compare":[{"key":"a"}]}""", "compare[0] compares nothing")]
    [TestCase("""{"compare":[{"version":1}]}""", "compare[0].key is missing")]
    [TestCase("""{"compare":[{"key":"a","version":1,"index":1}]}""", "compare[0].index is one too many")]
    [TestCase("""{"compare":[{"key":"a","version":-1}]}""", "compare[0].version must be a whole number, 0 or more")]
    [TestCase("""{"compare":[{"key":"a","version":"1"}]}""", "compare[0].version must be")]
    [TestCase("""{"compare":[{"key":"a","exists":1}]}""", "compare[0].exists must be true or false")]
    [TestCase("""{"compare":[{"key":"a","value":null}]}""", "compare[0].value must be a string or")]
    [TestCase("""{"compare":[{"key":"a","is":1}]}""", "compare[0].is is unknown")]
    public async Task What_is_wrong_is_named_by_its_place(string body, string detail)
    {
        RawAnswer answer = await _host.PostAsync("/v1/txn", body);
        Assert.That((answer.Status, answer.Code), Is.EqualTo((400, "invalid_argument")));
        Assert.That(answer.Detail, Does.Contain(detail));
        Assert.That(_host.Router.Writes, Is.Empty);
    }

    [Test]
    public async Task A_string_that_is_no_utf8_is_refused()
    {
        byte[] body = [.. """{"then":[{"get":{"key":" """.Trim().Select(c => (byte)c), 0xFF, .. "\"}}]}"u8];
        RawAnswer answer = await RawHttp.SendAsync(_host.Port, "POST", "/v1/txn", body);
        Assert.That((answer.Status, answer.Code), Is.EqualTo((400, "invalid_argument")));
        Assert.That(answer.Detail, Does.Contain("then[0].get.key is not valid Unicode"));
    }

    [Test]
    public async Task What_is_too_large_says_so()
    {
        string value = new('x', 1001);
        RawAnswer[] answers =
        [
            await _host.PostAsync("/v1/txn", $$$"""{"then":[{"put":{"key":"a","value":"{{{value}}}"}}]}"""),
            await _host.PostAsync("/v1/txn", $$$"""{"then":[{"get":{"key":"{{{new string('x', 4097)}}}"}}]}"""),
            await _host.PostAsync("/v1/txn", $$"""{"then":[{{string.Join(",", Enumerable.Repeat("""{"get":{"key":"a"}}""", 6))}}]}"""),
            await _host.PostAsync("/v1/txn", new string(' ', 10_001)),
        ];
        Assert.That(answers.Select(answer => (answer.Status, answer.Code)), Is.All.EqualTo((413, "too_large")));
        Assert.That(_host.Router.Writes, Is.Empty);
    }

    [Test]
    public void An_ack_is_part_of_the_request()
    {
        using System.Text.Json.JsonDocument body = System.Text.Json.JsonDocument.Parse("""{"then":[{"get":{"key":"a"}}]}""");
        Assert.That(TransactionParser.Parse(body.RootElement, AckMode.All, new(), out WriteRequest? request), Is.Null);
        Assert.That(request!.Ack, Is.EqualTo(AckMode.All));
    }
}
