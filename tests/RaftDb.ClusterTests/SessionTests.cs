using System.Net;
using System.Text;

namespace RaftDb.ClusterTests;

/// <summary>Sessions on real nodes: counters through kills are drills' work (--counters); here they expire, and outlive a restart of all nodes.</summary>
[NonParallelizable]
internal sealed class SessionTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly string _directory = Directory.CreateTempSubdirectory("raftdb-session-").FullName;
    private readonly HttpClient _http = new() { Timeout = TimeSpan.FromSeconds(10) };

    [OneTimeTearDown]
    public void RemoveDirectory()
    {
        _http.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    [Test]
    public async Task What_was_executed_once_is_not_executed_again_after_a_restart_nor_after_the_session_expired()
    {
        const string Chosen = "00112233445566778899aabbccddeeff";
        using NodeCluster nodes = new(_directory, 3, "Session:IdleTimeout=4s");
        await nodes.StartAllAsync();
        string first = (await IncrementAsync(nodes, 1, Chosen)).Text;
        for (int node = 1; node <= 3; node++)
        {
            await nodes.StopAsync(node);
        }

        for (int node = 1; node <= 3; node++)
        {
            nodes.Start(node);
        }

        for (int node = 1; node <= 3; node++)
        {
            await nodes.ReadyAsync(node);
        }

        (HttpStatusCode Status, string Text) again = await IncrementAsync(nodes, 2, Chosen);
        Assert.That(again.Status == HttpStatusCode.OK ? again.Text : first, Is.EqualTo(first), "it is repeated, or expired by now");

        // Repetitions are no use of the session: it expires all the same.
        using CancellationTokenSource patience = new(Patience);
        for (int node = 1; again.Status != HttpStatusCode.Conflict; node = (node % 3) + 1)
        {
            Assert.That((again.Status, again.Text), Is.EqualTo((HttpStatusCode.OK, first)));
            await Task.Delay(100, patience.Token);
            again = await IncrementAsync(nodes, node, Chosen);
        }

        Assert.That(again.Text, Does.Contain("session_expired"));
        (int exitCode, string value, string error) = await Raftdb.RunAsync("get", "n", "--server", nodes.Server(3));
        Assert.That((exitCode, value.Trim()), Is.EqualTo((0, "1")), error);
    }

    [Test]
    public async Task Counters_are_exact_after_kills_of_the_leader()
    {
        (int exitCode, string output, string error) = await Raftdb.RunAsync(
            "drill", "leader-kill", "--rounds", "2", "--seconds", "0.7", "--counters", "4", "--max-median-ms", "10000", "--max-ms", "20000", "--limit-seconds", "200", "--min-acknowledged", "50", "--json");
        Assert.That(exitCode, Is.Zero, $"{output}\n{error}");
        using System.Text.Json.JsonDocument report = System.Text.Json.JsonDocument.Parse(output);
        Assert.That(report.RootElement.GetProperty("measured").GetProperty("increments_sent_again").GetDouble(), Is.Positive, output);
    }

    private async Task<(HttpStatusCode Status, string Text)> IncrementAsync(NodeCluster nodes, int node, string session)
    {
        using HttpRequestMessage request = new(HttpMethod.Post, new Uri($"http://{nodes.Server(node)}/v1/txn"))
        {
            Content = new StringContent("""{"then":[{"increment":{"key":"n","by":1}}]}""", Encoding.UTF8, "application/json"),
        };
        request.Headers.Add("RaftDb-Session", session);
        request.Headers.Add("RaftDb-Sequence", "1");
        using HttpResponseMessage answer = await _http.SendAsync(request);
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync());
    }
}
