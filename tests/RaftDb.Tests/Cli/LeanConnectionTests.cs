using System.Text;
using RaftDb.Cli.Bench;
using RaftDb.Client;
using RaftDb.Tests.Client;

namespace RaftDb.Tests.Cli;

internal sealed class LeanConnectionTests
{
    private static readonly byte[] Request = "GET /v1/kv/a HTTP/1.1\r\nHost: x\r\n\r\n"u8.ToArray();

    [Test]
    public async Task Answers_with_a_length_with_chunks_and_without_a_body_follow_each_other_on_one_connection()
    {
        int count = 0;
        await using FakeNode node = new(_ => (++count) switch
        {
            1 => FakeAnswer.Of(200, "hello"),
            2 => new(Encoding.ASCII.GetBytes("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n1A\r\n" + new string('d', 26) + "\r\n0\r\n\r\n")),
            3 => new("HTTP/1.1 204 No Content\r\n\r\n"u8.ToArray()),
            _ => FakeAnswer.Of(503, new string('e', 100_000)),
        });
        using LeanConnection connection = await ConnectAsync(node);

        List<(int, string)> answers = [];
        for (int i = 0; i < 4; i++)
        {
            LeanAnswer answer = await connection.SendAsync(Request, CancellationToken.None);
            answers.Add((answer.Status, Encoding.ASCII.GetString(answer.Body.Span)));
        }

        Assert.That(answers, Is.EqualTo(new[] { (200, "hello"), (200, "abc" + new string('d', 26)), (204, ""), (503, new string('e', 100_000)) }));
    }

    [Test]
    public async Task A_connection_that_ends_in_the_middle_is_an_error_and_not_a_short_answer()
    {
        await using FakeNode node = new(_ => FakeAnswer.Break);
        using LeanConnection connection = await ConnectAsync(node);

        Assert.That(async () => await connection.SendAsync(Request, CancellationToken.None), Throws.InstanceOf<IOException>());
    }

    [TestCase("HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\n", 200, 12, false, false)]
    [TestCase("HTTP/1.1 503 Service Unavailable\r\nconnection: close\r\ncontent-length:0\r\n\r\n", 503, 0, false, true)]
    [TestCase("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", 200, -1, true, false)]
    public void A_head_is_read(string head, int status, int length, bool chunked, bool closes) =>
        Assert.That(LeanHead.Parse(Encoding.ASCII.GetBytes(head)), Is.EqualTo(new LeanHead(status, length, chunked, closes)));

    [TestCase("SSH-2.0\r\n\r\n")]
    [TestCase("HTTP/1.1 200 OK\r\nContent-Length: 1x\r\n\r\n")]
    public void A_head_that_is_none_is_refused(string head) =>
        Assert.That(() => LeanHead.Parse(Encoding.ASCII.GetBytes(head)), Throws.InstanceOf<IOException>());

    [TestCase("""{"code":"overloaded"}""", "overloaded")]
    [TestCase("""{"detail":"x","code" : "too_stale"}""", "too_stale")]
    [TestCase("<html>", "http_503")]
    public void An_error_answers_code_is_found(string body, string code) =>
        Assert.That(ErrorText.CodeOf(new LeanAnswer(503, Encoding.UTF8.GetBytes(body), false)), Is.EqualTo(code));

    private static Task<LeanConnection> ConnectAsync(FakeNode node) =>
        LeanConnection.ConnectAsync(new Endpoint("127.0.0.1", node.Port), CancellationToken.None);
}
