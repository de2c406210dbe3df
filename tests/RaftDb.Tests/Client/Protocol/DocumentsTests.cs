using System.Text;
using System.Text.Json;
using RaftDb.Client.Protocol;

namespace RaftDb.Tests.Client.Protocol;

/// <summary>The JSON of the shared documents, to the byte: other clients rely on it.</summary>
internal sealed class DocumentsTests
{
    [Test]
    public void A_transaction_request_leaves_out_what_is_not_given()
    {
        TransactionRequest request = new(
            [new(BinaryText.Of("a"), Version: 1), new(BinaryText.Of("a"), Exists: false), new(BinaryText.Of("a"), Value: new(new byte[] { 0xFF }))],
            [
                new() { Put = new(BinaryText.Of("ü<"), new(new byte[] { 0, 0xFF })) },
                new() { Put = new(BinaryText.Of("b"), BinaryText.Of(""), "30s") },
                new() { DeleteRange = new(BinaryText.Of("b"), null, 5) },
                new() { Increment = new(BinaryText.Of("c"), -1) },
            ],
            null);
        Assert.That(JsonSerializer.Serialize(request, Documents.Json.TransactionRequest), Is.EqualTo(
            """{"compare":[{"key":"a","version":1},{"key":"a","exists":false},{"key":"a","value":{"base64":"/w=="}}],"""
            + """ "then":[{"put":{"key":"ü<","value":{"base64":"AP8="}}},{"put":{"key":"b","value":"","ttl":"30s"}},""".TrimStart()
            + """{"delete_range":{"start":"b","limit":5}},{"increment":{"key":"c","by":-1}}]}"""));
    }

    [Test]
    public void A_problem_is_read_back_with_its_numbers()
    {
        ProblemDocument problem = JsonSerializer.Deserialize(
            """{"type":"t","title":"x","status":503,"detail":"d","code":"too_stale","leader":2,"staleness_ms":700,"results":[{"range":2,"index":3},{"error":{"type":"t","title":"x","status":503,"detail":"e","code":"unavailable"}}]}""",
            Documents.Json.ProblemDocument)!;
        Assert.That((problem.Code, problem.Leader, problem.StalenessMs, problem.Version), Is.EqualTo((ErrorCodes.TooStale, (ulong?)2, (long?)700, (ulong?)null)));
        Assert.That((problem.Results![0].Range, problem.Results[1].Error!.Detail), Is.EqualTo(((ulong?)2, "e")));
    }

    [TestCase("\"plain\"", "plain")]
    [TestCase("\"a\\u0000\\\"\"", "a\0\"")]
    [TestCase("{\"base64\":\"YQ==\"}", "a")]
    [TestCase("{\"base64\":\"\"}", "")]
    public void A_key_or_value_is_text_or_base64(string json, string text) =>
        Assert.That(Encoding.UTF8.GetString(Read(json).Bytes.Span), Is.EqualTo(text));

    [TestCase("1")]
    [TestCase("[]")]
    [TestCase("{}")]
    [TestCase("{\"base64\":1}")]
    [TestCase("{\"base64\":\"?\"}")]
    [TestCase("{\"base64\":\"YQ==\",\"base64\":\"YQ==\"}")]
    [TestCase("{\"base64\":\"YQ==\",\"more\":\"YQ==\"}")]
    [TestCase("{\"text\":\"a\"}")]
    [TestCase("\"\\ud800\"")]
    public void Anything_else_is_refused(string json) => Assert.That(() => Read(json), Throws.InstanceOf<JsonException>());

    [Test]
    public void Any_bytes_survive_the_round_trip()
    {
        int seed = Random.Shared.Next();
        TestContext.Out.WriteLine($"SEED={seed} (put it in place of Random.Shared.Next() to replay)");
        Random random = new(seed);
        for (int i = 0; i < 2_000; i++)
        {
            byte[] bytes = new byte[random.Next(0, 6)];
            random.NextBytes(bytes);
            string json = JsonSerializer.Serialize(new BinaryText(bytes), Documents.Json.BinaryText);
            Assert.That(Read(json).Bytes.ToArray(), Is.EqualTo(bytes), json);
        }
    }

    private static BinaryText Read(string json) => JsonSerializer.Deserialize(json, Documents.Json.BinaryText);
}
