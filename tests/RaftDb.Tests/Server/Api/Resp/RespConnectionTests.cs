using RaftDb.Raft;
using RaftDb.Server.Options;

namespace RaftDb.Tests.Server.Api.Resp;

/// <summary>How connections begin and end.</summary>
public class RespConnectionTests
{
    private const int FuzzRounds = 400;

    [Test]
    public async Task A_connection_too_many_is_told_so()
    {
        await using RespHost host = await RespHost.StartAsync(options: new RespSection { MaxConnections = 2 });
        using RespClient one = await host.ConnectAsync();
        using RespClient two = await host.ConnectAsync();
        Assert.That(await one.AskAsync("PING"), Is.EqualTo("+PONG"));
        Assert.That(await two.AskAsync("PING"), Is.EqualTo("+PONG"));
        using (RespClient three = await host.ConnectAsync())
        {
            Assert.That(three.Read(), Is.EqualTo("-ERR max number of clients reached"));
            Assert.That(three.IsAtEnd());
        }

        await one.SendAsync("QUIT\r\n");
        Assert.That((one.Read(), one.IsAtEnd()), Is.EqualTo(("+OK", true)));
        await ClosedAsync(host, 1);
        using RespClient four = await host.ConnectAsync();
        Assert.That(await four.AskAsync("PING"), Is.EqualTo("+PONG"));
        Assert.That(host.Prometheus, Does.Contain("resp_connections_refused").And.Contain("resp_commands").And.Contain("command=\"ping\""));
    }

    [Test]
    public async Task A_silent_connection_is_closed_and_one_that_waits_is_not()
    {
        await using RespHost host = await RespHost.StartAsync(options: new RespSection { IdleTimeout = TimeSpan.FromSeconds(2) });
        using RespClient silent = await host.ConnectAsync();
        using RespClient waiting = await host.ConnectAsync();
        host.Router.Gate = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await waiting.SendAsync("SET a 1\r\n");
        await host.Router.Waiting.Task;
        Assert.That(silent.IsAtEnd());
        host.Router.Gate.SetResult();
        Assert.That(waiting.Read(), Is.EqualTo("+OK"));
    }

    [Test]
    public async Task When_the_node_stops_what_was_read_is_answered()
    {
        await using RespHost host = await RespHost.StartAsync();
        using RespClient idle = await host.ConnectAsync();
        using RespClient busy = await host.ConnectAsync();
        Assert.That(await idle.AskAsync("PING"), Is.EqualTo("+PONG"));
        host.Router.Gate = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await busy.SendAsync("SET a 1\r\nPING\r\n");
        await host.Router.Waiting.Task;
        Task stopping = host.StopAsync();
        Assert.That(idle.IsAtEnd(), "nothing is asked there");
        host.Router.Gate.SetResult();
        Assert.That((busy.Read(), busy.Read(), busy.IsAtEnd()), Is.EqualTo(("+OK", "+PONG", true)));
        await stopping;
    }

    [Test]
    public async Task A_client_that_has_said_everything_still_gets_its_answers()
    {
        await using RespHost host = await RespHost.StartAsync();
        using RespClient client = await host.ConnectAsync();
        await client.SendAsync("SET a 1\r\nGET a\r\nGET");
        client.EndSending();
        Assert.That((client.Read(), client.Read(), client.IsAtEnd()), Is.EqualTo(("+OK", "$1 1", true)));
        await ClosedAsync(host, 0);
    }

    [Test]
    public async Task A_client_that_goes_while_its_command_waits_leaves_nothing_behind()
    {
        await using RespHost host = await RespHost.StartAsync();
        host.Router.Gate = new(TaskCreationOptions.RunContinuationsAsynchronously);
        using (RespClient client = await host.ConnectAsync())
        {
            await client.SendAsync("SET a 1\r\n");
            await host.Router.Waiting.Task;
        }

        await host.Router.Cancelled.Task.WaitAsync(TimeSpan.FromSeconds(20));
        await ClosedAsync(host, 0);
        Assert.That(host.Log.Lines, Is.Empty);
    }

    [Test]
    public async Task What_fails_unexpectedly_ends_its_connection_and_a_broken_invariant_the_node()
    {
        await using RespHost host = await RespHost.StartAsync();
        host.Router.Throws = new InvalidOperationException("a bug");
        using (RespClient client = await host.ConnectAsync())
        {
            await client.SendAsync("SET a 1\r\n");
            Assert.That(client.IsAtEnd());
        }

        await ClosedAsync(host, 0);
        Assert.That((host.Log.Lines.Count, host.Failures.Count), Is.EqualTo((1, 0)));
        host.Router.Throws = new InvariantBrokenException("broken");
        using RespClient other = await host.ConnectAsync();
        await other.SendAsync("GET a\r\n");
        Assert.That(other.IsAtEnd());
        await ClosedAsync(host, 0);
        Assert.That(host.Failures, Has.Count.EqualTo(1));
    }

    /// <summary>Replay a failure with RAFTDB_SEED=the printed number.</summary>
    [Test]
    public async Task Whatever_comes_is_answered_or_ends_the_connection_and_nothing_is_left()
    {
        int seed = TestSeed.Draw();
        TestContext.Out.WriteLine($"SEED={seed}");
        Random random = new(seed);
        await using RespHost host = await RespHost.StartAsync();
        for (int round = 0; round < FuzzRounds; round++)
        {
            byte[] stream = RespFuzz.Stream(random);
            using RespClient client = await host.ConnectAsync();
            int cut = random.Next(stream.Length);
            await client.SendAsync(stream.AsMemory(0, cut));
            await client.SendAsync(stream.AsMemory(cut));
            client.EndSending();
            try
            {
                // Each answer is well-formed, and then the connection ends: RespClient says so when not.
                while (client.TryRead() is not null)
                {
                }
            }
            catch (Exception e)
            {
                Assert.Fail($"SEED={seed} round {round}, {Convert.ToHexString(stream)}: {e}");
            }
        }

        await ClosedAsync(host, 0);
        Assert.That(host.Log.Lines, Is.Empty, $"SEED={seed}");
        Assert.That(host.Failures, Is.Empty, $"SEED={seed}");
    }

    /// <summary>Waits until so many connections are left; the server closes them in its own time.</summary>
    private static Task ClosedAsync(RespHost host, int left) => Until.TrueAsync(() => host.Metrics.Open == left, $"{left} connections are left");
}
