using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using RaftDb.Cli.Drills.Faults;
using RaftDb.Client;

namespace RaftDb.Tests.Cli.Drills.Faults;

internal sealed class LinkProxyTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    /// <summary>Long enough for bytes that may pass to pass: what does not come within it is held back.</summary>
    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(150);

    private readonly Link _there = new(1, 2);
    private readonly Link _back = new(2, 1);
    private TcpListener _node = null!;
    private LinkProxy _proxy = null!;

    [SetUp]
    public void Start()
    {
        _node = new(IPAddress.Loopback, 0);
        _node.Start();
        _there.Set(LinkCondition.Good);
        _back.Set(LinkCondition.Good);
        int port = RaftDb.Cli.Drills.LoopbackPorts.Free(1)[0];
        _proxy = new(new Endpoint("127.0.0.1", port), new Endpoint("127.0.0.1", ((IPEndPoint)_node.LocalEndpoint).Port), _there, _back);
    }

    [TearDown]
    public async Task Stop()
    {
        await _proxy.DisposeAsync();
        _node.Dispose();
    }

    [Test]
    public async Task A_good_link_carries_both_directions_and_the_end()
    {
        (Socket one, Socket other) = await ConnectAsync();
        await one.SendAsync("hello"u8.ToArray());
        Assert.That(await ReadAsync(other, 5), Is.EqualTo("hello"));
        await other.SendAsync("welcome"u8.ToArray());
        Assert.That(await ReadAsync(one, 7), Is.EqualTo("welcome"));
        one.Shutdown(SocketShutdown.Send);
        Assert.That(await ReadAsync(other, 1), Is.Empty, "the end");
        one.Dispose();
        other.Dispose();
    }

    [Test]
    public async Task A_cut_link_holds_one_direction_back_and_loses_nothing()
    {
        (Socket one, Socket other) = await ConnectAsync();
        _there.Set(LinkCondition.Silent);
        await one.SendAsync("held"u8.ToArray());
        one.Shutdown(SocketShutdown.Send);
        await other.SendAsync("passes"u8.ToArray());
        Assert.That(await ReadAsync(one, 6), Is.EqualTo("passes"));
        Task<string> held = ReadAsync(other, 4);
        Assert.That(await Task.WhenAny(held, Task.Delay(Moment)), Is.Not.SameAs(held));

        _there.Set(LinkCondition.Good);
        Assert.That(await held, Is.EqualTo("held"));
        Assert.That(await ReadAsync(other, 1), Is.Empty, "the end comes behind it");
        one.Dispose();
        other.Dispose();
    }

    [Test]
    public async Task A_connection_dialled_through_a_cut_link_is_made_when_it_is_open_again()
    {
        _back.Set(LinkCondition.Silent);
        using Socket one = await DialAsync();
        await one.SendAsync("early"u8.ToArray());
        Task<Socket> accepted = _node.AcceptSocketAsync();
        Assert.That(await Task.WhenAny(accepted, Task.Delay(Moment)), Is.Not.SameAs(accepted));

        _back.Set(LinkCondition.Good);
        using Socket other = await accepted.WaitAsync(Patience);
        Assert.That(await ReadAsync(other, 5), Is.EqualTo("early"));
    }

    [Test]
    public async Task A_slow_link_takes_its_time()
    {
        (Socket one, Socket other) = await ConnectAsync();
        _there.Set(new(Delay: TimeSpan.FromMilliseconds(200)));
        long sent = Stopwatch.GetTimestamp();
        await one.SendAsync("late"u8.ToArray());
        Assert.That(await ReadAsync(other, 4), Is.EqualTo("late"));
        Assert.That(Stopwatch.GetElapsedTime(sent), Is.GreaterThan(TimeSpan.FromMilliseconds(190)));

        _there.Set(new(BytesPerSecond: 100_000));
        sent = Stopwatch.GetTimestamp();
        await one.SendAsync(new byte[40_000]);
        await ReadAsync(other, 40_000);
        Assert.That(Stopwatch.GetElapsedTime(sent), Is.GreaterThan(TimeSpan.FromMilliseconds(350)));
        one.Dispose();
        other.Dispose();
    }

    [Test]
    public async Task A_reset_breaks_both_ends_and_a_refusing_proxy_takes_nobody()
    {
        (Socket one, Socket other) = await ConnectAsync();
        _proxy.Refuse();
        await one.SendAsync("still"u8.ToArray());
        Assert.That(await ReadAsync(other, 5), Is.EqualTo("still"), "connections that there are stay");
        _proxy.Reset();
        Assert.That(async () => await ReadAsync(one, 1), Throws.InstanceOf<SocketException>());
        Assert.That(async () => await ReadAsync(other, 1), Throws.InstanceOf<SocketException>());
        Assert.That(DialAsync, Throws.InstanceOf<SocketException>());

        _proxy.Listen();
        (Socket again, Socket there) = await ConnectAsync();
        one.Dispose();
        other.Dispose();
        again.Dispose();
        there.Dispose();
    }

    [Test]
    public void Who_dials_a_node_that_is_not_there_is_cut_off()
    {
        _node.Stop();

        // The end may come so soon that dialling itself meets it.
        Assert.That(
            async () =>
            {
                using Socket one = await DialAsync();
                await ReadAsync(one, 1);
            },
            Throws.InstanceOf<SocketException>());
    }

    private async Task<(Socket One, Socket Other)> ConnectAsync()
    {
        Socket one = await DialAsync();
        return (one, await _node.AcceptSocketAsync().WaitAsync(Patience));
    }

    private async Task<Socket> DialAsync()
    {
        Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await socket.ConnectAsync(IPAddress.Loopback, _proxy.Address.Port);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static async Task<string> ReadAsync(Socket socket, int length)
    {
        byte[] bytes = new byte[length];
        int read = 0;
        while (read < length)
        {
            int got = await socket.ReceiveAsync(bytes.AsMemory(read)).AsTask().WaitAsync(Patience);
            if (got == 0)
            {
                break;
            }

            read += got;
        }

        return System.Text.Encoding.ASCII.GetString(bytes, 0, read);
    }
}
