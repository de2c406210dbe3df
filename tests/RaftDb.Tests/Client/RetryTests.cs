using System.Collections.Concurrent;
using System.Diagnostics;
using RaftDb.Client;

namespace RaftDb.Tests.Client;

/// <summary>What is sent again, and what must not be.</summary>
internal sealed class RetryTests
{
    private static readonly RaftDbClientOptions Brief = new() { Timeout = TimeSpan.FromSeconds(2) };

    private static readonly RaftDbClientOptions Repeating = new() { RetryUnknownOutcomes = true, Timeout = TimeSpan.FromSeconds(5) };

    [Test]
    public async Task A_node_that_refuses_the_connection_is_passed_over_at_once()
    {
        await using FakeNode node = new(_ => FakeAnswer.PutDone());
        RaftDbClientOptions patient = new() { ConnectTimeout = TimeSpan.FromMinutes(5), AttemptTimeout = TimeSpan.FromMinutes(5), Timeout = TimeSpan.FromMinutes(1) };
        await using RaftDbClient db = RaftDbClient.Create($"{FakeNode.ClosedAddress()},{node.Address}", patient);

        PutResult result = await db.PutAsync("a", "1");

        Assert.That(result, Is.EqualTo(new PutResult(2, 17, 3)), "it waited for no timeout: each of them is longer than the call may take");
        Assert.That(node.Requests, Has.Count.EqualTo(1));
    }

    [Test]
    public async Task A_write_whose_connection_breaks_is_not_sent_again()
    {
        await using FakeNode first = new(_ => FakeAnswer.Break);
        await using FakeNode second = new(_ => FakeAnswer.PutDone());
        await using RaftDbClient db = RaftDbClient.Create($"{first.Address},{second.Address}");

        RaftDbException failure = (await Assert.ThrowsAsync<RaftDbException>(() => db.PutAsync("a", "1")))!;

        Assert.That(failure.Code, Is.EqualTo("outcome_unknown"));
        Assert.That(first.Requests, Has.Count.EqualTo(1));
        Assert.That(second.Requests, Is.Empty);
    }

    [Test]
    public async Task A_delete_on_a_kept_alive_connection_that_breaks_is_not_sent_twice()
    {
        // The handler below the client would do that by itself with a request that has no body.
        int count = 0;
        await using FakeNode node = new(_ => ++count == 1 ? FakeAnswer.Of(200, """{"deleted":true,"range":2,"index":1}""") : FakeAnswer.Break);
        await using RaftDbClient db = RaftDbClient.Create(node.Address);
        await db.DeleteAsync("a");

        RaftDbException failure = (await Assert.ThrowsAsync<RaftDbException>(() => db.DeleteAsync("b")))!;

        Assert.That(failure.Code, Is.EqualTo("outcome_unknown"));
        Assert.That(node.Requests, Has.Count.EqualTo(2));
    }

    [Test]
    public async Task A_put_is_sent_again_elsewhere_when_the_caller_allows_it()
    {
        await using FakeNode first = new(_ => FakeAnswer.Break);
        await using FakeNode second = new(_ => FakeAnswer.PutDone());
        await using RaftDbClient db = RaftDbClient.Create($"{first.Address},{second.Address}", Repeating);

        await db.PutAsync("a", "same value");

        Assert.That(second.Requests.Single().Text, Is.EqualTo("same value"));
    }

    [Test]
    public async Task A_conditional_put_is_never_sent_again()
    {
        await using FakeNode first = new(_ => FakeAnswer.Break);
        await using FakeNode second = new(_ => FakeAnswer.PutDone());
        await using RaftDbClient db = RaftDbClient.Create($"{first.Address},{second.Address}", Repeating);

        RaftDbException failure = (await Assert.ThrowsAsync<RaftDbException>(() => db.PutAsync("a", "1", new() { IfVersion = 3 })))!;

        Assert.That(failure.Code, Is.EqualTo("outcome_unknown"));
        Assert.That(first.Requests.Single().Headers["If-Match"], Is.EqualTo("\"3\""));
        Assert.That(second.Requests, Is.Empty);
    }

    [Test]
    public async Task A_doubt_from_an_earlier_attempt_outlives_a_later_refusal()
    {
        await using FakeNode node = new(_ => FakeAnswer.Break);
        await using FakeNode refusing = new(_ => FakeAnswer.Problem(503, "unavailable"));
        await using RaftDbClient db = RaftDbClient.Create(
            $"{node.Address},{refusing.Address}", new() { Timeout = TimeSpan.FromSeconds(2), RetryUnknownOutcomes = true });

        RaftDbException failure = (await Assert.ThrowsAsync<RaftDbException>(() => db.PutAsync("a", "1")))!;

        Assert.That(failure.Code, Is.EqualTo("outcome_unknown"));
        Assert.That(node.Requests, Is.Not.Empty);
        Assert.That(refusing.Requests, Is.Not.Empty);
    }

    [TestCase(503, "unavailable")]
    [TestCase(503, "not_leader")]
    [TestCase(503, "too_stale")]
    [TestCase(429, "overloaded")]
    public async Task What_the_cluster_says_was_not_done_is_sent_again(int status, string code)
    {
        int count = 0;
        await using FakeNode node = new(_ => ++count < 3 ? FakeAnswer.Problem(status, code) : FakeAnswer.PutDone());
        await using RaftDbClient db = RaftDbClient.Create(node.Address);

        await db.PutAsync("a", "1");

        Assert.That(node.Requests, Has.Count.EqualTo(3));
    }

    [Test]
    public async Task An_overloaded_node_is_left_alone_for_as_long_as_it_asks()
    {
        int count = 0;
        await using FakeNode node = new(_ => ++count == 1 ? FakeAnswer.Problem(429, "overloaded", "", "Retry-After: 1") : FakeAnswer.PutDone());
        await using RaftDbClient db = RaftDbClient.Create(node.Address);
        long started = Stopwatch.GetTimestamp();

        await db.PutAsync("a", "1");

        Assert.That(Stopwatch.GetElapsedTime(started), Is.GreaterThanOrEqualTo(TimeSpan.FromMilliseconds(990)));
    }

    [TestCase(400, "invalid_argument")]
    [TestCase(409, "cross_range")]
    [TestCase(412, "condition_failed")]
    [TestCase(504, "outcome_unknown")]
    [TestCase(507, "no_space")]
    [TestCase(500, "internal")]
    public async Task Every_other_answer_to_a_write_is_final(int status, string code)
    {
        await using FakeNode node = new(_ => FakeAnswer.Problem(status, code, ""","version":7,"index":40"""));
        await using RaftDbClient db = RaftDbClient.Create(node.Address);

        RaftDbException failure = (await Assert.ThrowsAsync<RaftDbException>(() => db.PutAsync("a", "1")))!;

        Assert.That(failure.Code, Is.EqualTo(code));
        Assert.That(failure.Version, Is.EqualTo(7));
        Assert.That(failure.Index, Is.EqualTo(40));
        Assert.That(failure.Message, Does.Contain("because of the test"));
        Assert.That(node.Requests, Has.Count.EqualTo(1));
    }

    [Test]
    public async Task Silence_ends_with_the_deadline_as_unknown_for_a_write_and_unavailable_for_a_read()
    {
        await using FakeNode node = new(_ => FakeAnswer.Silence);
        await using RaftDbClient db = RaftDbClient.Create(node.Address, Brief);

        RaftDbException write = (await Assert.ThrowsAsync<RaftDbException>(() => db.PutAsync("a", "1")))!;
        RaftDbException read = (await Assert.ThrowsAsync<RaftDbException>(() => db.GetAsync("a")))!;

        Assert.That(write.Code, Is.EqualTo("outcome_unknown"));
        Assert.That(read.Code, Is.EqualTo("unavailable"));
    }

    [Test]
    public async Task A_silent_node_costs_a_read_one_attempt_only()
    {
        ConcurrentQueue<string> asked = new();
        await using FakeNode silent = new(_ => Asked("silent", FakeAnswer.Silence));
        await using FakeNode node = new(_ => Asked("answering", FakeAnswer.Of(200, "value", "application/octet-stream", "RaftDb-Version: 2")));
        await using RaftDbClient db = RaftDbClient.Create(
            $"{silent.Address},{node.Address}", new() { AttemptTimeout = TimeSpan.FromSeconds(3) });

        Entry? first = await db.GetAsync("a");
        int askedByFirst = asked.Count;
        Entry? second = await db.GetAsync("a");

        Assert.That(first?.Version, Is.EqualTo(2));
        Assert.That(second?.Version, Is.EqualTo(2));
        Assert.That(asked.Take(2), Is.EqualTo(new[] { "silent", "answering" }), "the second attempt goes elsewhere");
        Assert.That(asked.ElementAt(askedByFirst), Is.EqualTo("answering"), "the next read begins with the node that answered");

        FakeAnswer Asked(string name, FakeAnswer answer)
        {
            asked.Enqueue(name);
            return answer;
        }
    }

    [Test]
    public async Task When_all_nodes_are_down_the_error_says_what_to_do()
    {
        await using RaftDbClient db = RaftDbClient.Create(FakeNode.ClosedAddress(), Brief);

        RaftDbException failure = (await Assert.ThrowsAsync<RaftDbException>(() => db.PutAsync("a", "1")))!;

        Assert.That(failure.Code, Is.EqualTo("unavailable"));
        Assert.That(failure.Message, Does.Contain("Check that the node runs"));
    }
}
