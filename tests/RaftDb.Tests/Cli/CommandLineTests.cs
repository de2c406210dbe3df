using RaftDb.Cli;
using RaftDb.Tests.Client;

namespace RaftDb.Tests.Cli;

/// <summary>Exit codes and what is said, as scripts rely on them.</summary>
[NonParallelizable]
internal sealed class CommandLineTests
{
    [TestCase("frobnicate")]
    [TestCase("put a")]
    [TestCase("get")]
    [TestCase("get a --consistency sometimes")]
    [TestCase("get a --consistency bounded")]
    [TestCase("get a --max-staleness 1s")]
    [TestCase("get a --replica leading")]
    [TestCase("put a b --ttl 5")]
    [TestCase("put a b --ack most")]
    [TestCase("put zz b --hex")]
    [TestCase("get a --server nowhere")]
    [TestCase("scan --limit 0")]
    [TestCase("mget")]
    [TestCase("delete-range")]
    [TestCase("delete-range --prefix a --limit 0")]
    [TestCase("bench sing")]
    [TestCase("bench write --clients 0")]
    [TestCase("bench write --warm-up -1")]
    [TestCase("bench")]
    [TestCase("bench write --pipeline 0")]
    [TestCase("bench write --operations 0")]
    [TestCase("bench batch --protocol http")]
    [TestCase("bench engine --writers 16,many")]
    [TestCase("bench levels --seconds 0")]
    [TestCase("drill nothing")]
    [TestCase("drill leader-kill --writers 0")]
    [TestCase("range transfer 2")]
    [TestCase("recover --data x")]
    [TestCase("dev --nodes 0")]
    public async Task Wrong_usage_ends_with_2_and_one_line(string line)
    {
        (int code, string output, string error) = await RunAsync(line.Split(' '));

        Assert.That(code, Is.EqualTo(2), error);
        Assert.That(output, Is.Empty);
        Assert.That(error, Does.StartWith("raftdb: ").And.Not.Empty);
        Assert.That(error.TrimEnd().Split('\n'), Has.Length.EqualTo(1));
    }

    [Test]
    public async Task No_node_ends_with_1_and_says_what_to_do()
    {
        (int code, _, string error) = await RunAsync("get", "a", "--server", FakeNode.ClosedAddress(), "--timeout", "1s");

        Assert.That(code, Is.EqualTo(1));
        Assert.That(error, Does.StartWith("raftdb: unavailable: ").And.Contain("Check that the node runs"));
    }

    [Test]
    public async Task An_absent_key_ends_with_1()
    {
        await using FakeNode node = new(_ => FakeAnswer.Problem(404, "not_found"));

        (int code, string output, string error) = await RunAsync("get", "a", "--server", node.Address);

        Assert.That((code, output), Is.EqualTo((1, "")));
        Assert.That(error, Does.StartWith("raftdb: not_found: "));
    }

    [Test]
    public async Task A_put_sends_what_it_was_told_and_answers_as_json()
    {
        await using FakeNode node = new(_ => FakeAnswer.PutDone());

        (int code, string output, _) = await RunAsync(
            "put", "00ff", "41", "--hex", "--if-version", "0", "--ack", "all", "--ttl", "30s", "--json", "--server", node.Address);

        FakeRequest request = node.Requests.Single();
        Assert.That(code, Is.Zero);
        Assert.That(request.Target, Is.EqualTo("/v1/kv/?key=%00%FF&ack=all&ttl=30000ms"));
        Assert.That((request.Text, request.Headers["If-None-Match"]), Is.EqualTo(("A", "*")));
        Assert.That(output.Trim(), Is.EqualTo("""{"range":2,"index":17,"version":3,"committed":true}"""));
    }

    [Test]
    public async Task Status_shows_nodes_ranges_and_problems()
    {
        await using FakeNode node = new(_ => FakeAnswer.Of(200, """
            {"cluster":"c1","node":1,"version":"0.1.0",
             "nodes":[{"id":1,"http":"h:1","resp":null,"peer":"p:1","zone":null,"alive":true,"suspicion":null,"ranges":2,"leaders":1,"sqlite":"3"},
                      {"id":2,"http":"h:2","resp":null,"peer":"p:2","zone":null,"alive":false,"suspicion":"refused","ranges":2,"leaders":0,"sqlite":"3"}],
             "ranges":[{"id":2,"kind":"kv","start":null,"end":"m","generation":1,"leader":1,"term":4,"commit":100,"bytes":2048,"keys":9,"first_retained":1,
                        "replicas":[{"node":1,"replica":1,"role":"leader","state":null,"match":100,"applied":100,"lag":0,"suspicion":null},
                                    {"node":2,"replica":2,"role":"follower","state":"probe","match":50,"applied":50,"lag":50,"suspicion":null}]}],
             "problems":[]}
            """));

        (int code, string output, _) = await RunAsync("status", "--server", node.Address);

        Assert.That(code, Is.Zero);
        Assert.That(output, Does.Match(@"2\s+DOWN\s+h:2"));
        Assert.That(output, Does.Match(@"2\s+\(first\)\s+m\s+1\s+4\s+100\s+2 probe \(50\)\s+9\s+2\.0 KiB"));
        Assert.That(output, Does.Contain("Node 2 does not answer (refused). Start it again"));
    }

    private static async Task<(int Code, string Output, string Error)> RunAsync(params string[] args)
    {
        TextWriter output = Console.Out, error = Console.Error;
        using StringWriter newOutput = new(), newError = new();
        try
        {
            Console.SetOut(newOutput);
            Console.SetError(newError);
            int code = await CommandLine.RunAsync(args);
            return (code, newOutput.ToString(), newError.ToString());
        }
        finally
        {
            Console.SetOut(output);
            Console.SetError(error);
        }
    }
}
