using System.Diagnostics;
using System.Diagnostics.Metrics;
using RaftDb.Client;

namespace RaftDb.Tests.Client.Resp;

/// <summary>What is sent over RESP, what is sent again, and what must not be.</summary>
internal sealed class RespCallerTests
{
    private static readonly RaftDbClientOptions Brief = new() { Timeout = TimeSpan.FromSeconds(2) };

    [Test]
    public async Task A_write_carries_its_session_and_the_mark()
    {
        await using FakeRespNode node = new(_ => FakeRespNode.PutDone(3));
        await using RaftDbClient db = await RaftDbClient.ConnectAsync(node.Address);

        Assert.That(await db.PutAsync("a", "1", new() { IfVersion = 2, TimeToLive = TimeSpan.FromSeconds(1) }), Is.EqualTo(new PutResult(2, 17, 3)));
        await db.PutAsync("a", "2");

        Assert.That(node.Commands[0], Does.StartWith("RDB.TXN IFVERSION a 2 PUT a 1 1000 SESSION ").And.Contain(" SEQUENCE 1 ACKNOWLEDGED 1 TIMEOUT "));
        Assert.That(node.Commands[1], Does.Contain(" SEQUENCE 2 ACKNOWLEDGED 2 ").And.Contain(node.Commands[0].Split("SESSION ")[1][..32]));
    }

    [Test]
    public async Task A_write_whose_connection_breaks_is_sent_again_under_its_number()
    {
        int count = 0;
        await using FakeRespNode node = new(_ => ++count <= 2 ? FakeRespNode.Break : FakeRespNode.PutDone());
        await using RaftDbClient db = await RaftDbClient.ConnectAsync(node.Address);

        await db.PutAsync("a", "1");

        Assert.That(node.Commands.Select(command => command.Split("SESSION ")[1].Split(" TIMEOUT")[0]).Distinct().Count(), Is.EqualTo(1));
        Assert.That(node.Commands, Has.Count.EqualTo(3));
    }

    [Test]
    public async Task A_write_that_a_silent_leader_owes_an_answer_is_sent_to_the_next_one_under_its_number()
    {
        await using FakeRespNode paused = new(_ => FakeRespNode.Silence);
        await using FakeRespNode next = new(_ => FakeRespNode.PutDone());
        paused.Routes = () => FakeRespNode.RoutesOf(leader: 1, term: 7, paused, next);
        next.Routes = () => FakeRespNode.RoutesOf(leader: 2, term: 8, paused, next);
        await using RaftDbClient db = await RaftDbClient.ConnectAsync(
            paused.Address, new() { Timeout = TimeSpan.FromMinutes(10), AttemptTimeout = TimeSpan.FromMinutes(5), SilenceLimit = TimeSpan.FromMinutes(5) });

        await db.PutAsync("a", "1").WaitAsync(TimeSpan.FromMinutes(1));

        Assert.That(next.Commands.Single().Split("SESSION ")[1].Split(" TIMEOUT")[0], Is.EqualTo(paused.Commands.Single().Split("SESSION ")[1].Split(" TIMEOUT")[0]));
    }

    [Test]
    public async Task Without_a_session_it_is_not_sent_again()
    {
        await using FakeRespNode node = new(_ => FakeRespNode.Break);
        await using RaftDbClient db = await RaftDbClient.ConnectAsync(node.Address, new() { Sessions = false });

        RaftDbException failure = (await Assert.ThrowsAsync<RaftDbException>(() => db.PutAsync("a", "1")))!;

        Assert.That(failure.Code, Is.EqualTo("outcome_unknown"));
        Assert.That(node.Commands.Single(), Does.Not.Contain("SESSION"));
    }

    [Test]
    public async Task A_read_is_sent_again()
    {
        int count = 0;
        await using FakeRespNode node = new(_ => ++count == 1 ? FakeRespNode.Break : "*5\n:1\n:2\n:40\n:12\n*4\n$1\nv\n:5\n:39\n:-1\n");
        await using RaftDbClient db = await RaftDbClient.ConnectAsync(node.Address);

        Entry entry = (await db.GetAsync("k", ReadOptions.Bounded(TimeSpan.FromMilliseconds(500)) with { Replica = "1" }))!;

        Assert.That((entry.ToString() is not null, entry.Node, entry.Range, entry.Index, entry.Version, entry.Staleness), Is.EqualTo((true, 1UL, 2UL, 40UL, 5UL, TimeSpan.FromMilliseconds(12))));
        Assert.That(node.Commands[1], Does.StartWith("RDB.READ 1 k BOUNDED 500 REPLICA 1 TIMEOUT "));
    }

    [Test]
    public async Task A_session_that_has_expired_is_replaced_when_nothing_can_have_been_done()
    {
        int count = 0;
        await using FakeRespNode node = new(_ => ++count == 1 ? "-SESSIONEXPIRED it has expired\n" : FakeRespNode.PutDone());
        await using RaftDbClient db = await RaftDbClient.ConnectAsync(node.Address);

        await db.PutAsync("a", "1");

        string[] sessions = [.. node.Commands.Select(command => command.Split("SESSION ")[1][..32])];
        Assert.That(sessions.Distinct().Count(), Is.EqualTo(2));
    }

    [Test]
    public async Task A_write_of_unknown_fate_stays_unknown_when_its_session_has_expired()
    {
        int count = 0;
        await using FakeRespNode node = new(_ => ++count == 1 ? FakeRespNode.Break : "-SESSIONEXPIRED it has expired\n");
        await using RaftDbClient db = await RaftDbClient.ConnectAsync(node.Address);

        RaftDbException failure = (await Assert.ThrowsAsync<RaftDbException>(() => db.PutAsync("a", "1")))!;

        Assert.That(failure.Code, Is.EqualTo("outcome_unknown"));
        Assert.That(node.Commands, Has.Count.EqualTo(2));
    }

    [Test]
    public async Task A_cancelled_write_that_was_sent_is_of_unknown_fate_and_a_cancelled_read_is_cancelled()
    {
        await using FakeRespNode node = new(_ => FakeRespNode.Silence);
        await using RaftDbClient db = await RaftDbClient.ConnectAsync(node.Address);
        using CancellationTokenSource cancel = new();

        Task<PutResult> write = db.PutAsync("a", "1", cancel: cancel.Token);
        Task<Entry?> read = db.GetAsync("a", cancel: cancel.Token);
        await Until.TrueAsync(() => node.Commands.Any(command => command.StartsWith("RDB.TXN", StringComparison.Ordinal)), "the put at the node");
        await cancel.CancelAsync();

        Assert.That((await Assert.ThrowsAsync<RaftDbException>(() => write))!.Code, Is.EqualTo("outcome_unknown"));
        await Assert.ThatAsync(() => read, Throws.InstanceOf<OperationCanceledException>());
        using CancellationTokenSource before = new();
        await before.CancelAsync();
        await Assert.ThatAsync(() => db.PutAsync("a", "1", cancel: before.Token), Throws.InstanceOf<OperationCanceledException>(), "it was never sent");
    }

    [Test]
    public async Task Silence_ends_with_the_deadline()
    {
        await using FakeRespNode node = new(_ => FakeRespNode.Silence);
        await using RaftDbClient db = await RaftDbClient.ConnectAsync(node.Address, Brief);

        Assert.That((await Assert.ThrowsAsync<RaftDbException>(() => db.PutAsync("a", "1")))!.Code, Is.EqualTo("outcome_unknown"));
        Assert.That((await Assert.ThrowsAsync<RaftDbException>(() => db.GetAsync("a")))!.Code, Is.EqualTo("unavailable"));
    }

    [TestCase("-UNAVAILABLE no quorum\n")]
    [TestCase("-OVERLOADED too much [retry_after_ms=20]\n")]
    [TestCase("-NOTLEADER not here [leader=1]\n")]
    [TestCase("-RANGECHANGED ask again\n")]
    public async Task What_was_not_done_is_sent_again(string answer)
    {
        int count = 0;
        await using FakeRespNode node = new(_ => ++count < 3 ? answer : FakeRespNode.PutDone());
        await using RaftDbClient db = await RaftDbClient.ConnectAsync(node.Address, new() { Sessions = false });

        await db.PutAsync("a", "1");

        Assert.That(node.Commands, Has.Count.EqualTo(3));
    }

    [TestCase("-ERR that makes no sense\n", "invalid_argument")]
    [TestCase("-CROSSRANGE two\n", "cross_range")]
    [TestCase("-TOOLARGE too\n", "too_large")]
    [TestCase("-NOSPACE full\n", "no_space")]
    [TestCase("-INTERNAL oh\n", "internal")]
    [TestCase("+what\n", "internal")]
    public async Task Every_other_answer_is_final(string answer, string code)
    {
        await using FakeRespNode node = new(_ => answer);
        await using RaftDbClient db = await RaftDbClient.ConnectAsync(node.Address);

        Assert.That((await Assert.ThrowsAsync<RaftDbException>(() => db.PutAsync("a", "1")))!.Code, Is.EqualTo(code));
        Assert.That(node.Commands, Has.Count.EqualTo(1));
    }

    [Test]
    public async Task Calls_at_the_same_time_share_a_connection_and_come_back_to_their_callers()
    {
        await using FakeRespNode node = new(command => FakeRespNode.PutDone(index: int.Parse(command[2])));
        await using RaftDbClient db = await RaftDbClient.ConnectAsync(node.Address, new() { MaxInFlightPerLink = 16 });

        PutResult[] results = await Task.WhenAll(Enumerable.Range(1, 500).Select(i => db.PutAsync($"{i}", "v")));

        Assert.That(results.Select(result => result.Index), Is.EqualTo(Enumerable.Range(1, 500).Select(i => (ulong)i)));
    }

    [Test]
    public async Task Listeners_are_told_of_calls_and_retries()
    {
        List<string> measured = [];
        using MeterListener meters = new() { InstrumentPublished = (instrument, listener) => { if (instrument.Meter.Name == "RaftDb.Client") { listener.EnableMeasurementEvents(instrument); } } };
        meters.SetMeasurementEventCallback<double>((instrument, _, tags, _) => { lock (measured) { measured.Add($"{instrument.Name} {string.Join(' ', tags.ToArray())}"); } });
        meters.SetMeasurementEventCallback<long>((instrument, value, tags, _) => { lock (measured) { measured.Add($"{instrument.Name} {value} {string.Join(' ', tags.ToArray())}"); } });
        meters.Start();
        List<Activity> activities = [];
        using ActivityListener spans = new()
        {
            ShouldListenTo = source => source.Name == "RaftDb.Client",
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStopped = activity => { lock (activities) { activities.Add(activity); } },
        };
        ActivitySource.AddActivityListener(spans);
        int count = 0;
        await using FakeRespNode node = new(_ => ++count == 1 ? FakeRespNode.Break : FakeRespNode.PutDone());
        await using RaftDbClient db = await RaftDbClient.ConnectAsync(node.Address);

        await db.PutAsync("telemetry", "1");

        lock (measured)
        {
            Assert.That(measured, Has.Some.StartsWith("db.client.operation.duration").And.Some.Contains("PUT"));
            Assert.That(measured, Has.Some.StartsWith("raftdb.client.operation.retries 1"));
            Assert.That(measured, Has.Some.StartsWith("raftdb.client.operations.in_flight -1"));
        }

        lock (activities)
        {
            Activity span = activities.First(activity => activity.OperationName == "PUT");
            Assert.That((span.GetTagItem("db.system.name"), span.Events.Any(e => e.Name == "retry")), Is.EqualTo(((object)"raftdb", true)));
        }
    }

    [Test]
    public async Task A_cluster_without_RESP_is_spoken_to_over_HTTP_and_that_is_said_once()
    {
        List<string> told = [];
        await using FakeNode node = new(_ => FakeAnswer.PutDone());
        await using RaftDbClient db = RaftDbClient.Create(node.Address, new() { Diagnostics = told.Add });

        await db.PutAsync("a", "1");
        await db.PutAsync("b", "1");

        Assert.That(node.Requests.Select(request => request.Target), Is.EqualTo(new[] { "/v1/kv/a", "/v1/kv/b" }));
        Assert.That(told.Single(), Does.Contain("HTTP"));
    }
}
