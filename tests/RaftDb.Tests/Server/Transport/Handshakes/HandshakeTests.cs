using System.Net.Sockets;
using System.Text;
using RaftDb.Server.Bootstrap;
using RaftDb.Server.Transport;
using RaftDb.Server.Transport.Handshakes;
using RaftDb.Server.Transport.Wire;

namespace RaftDb.Tests.Server.Transport.Handshakes;

[TestFixture]
internal sealed class HandshakeTests
{
    private const string ReplayVariable = "RAFTDB_FUZZ_SEED";

    private static readonly PeerTransportOptions Options = new()
    {
        HandshakeTimeout = TimeSpan.FromSeconds(1),
        MinRefusedDelay = TimeSpan.FromMilliseconds(20),
        MaxRefusedDelay = TimeSpan.FromMilliseconds(50),
        MaxUnauthenticatedConnections = 4,
    };

    private readonly List<TestNode> _nodes = [];

    [TearDown]
    public async Task Stop()
    {
        foreach (var node in _nodes)
        {
            await node.DisposeAsync();
        }

        _nodes.Clear();
    }

    [Test]
    public void The_bytes_of_a_hello_never_change()
    {
        using WireWriter writer = new();
        HelloCodec.Encode(writer, new()
        {
            MinVersion = 1,
            MaxVersion = 1,
            Purpose = ConnectionPurpose.Snapshot,
            Cluster = new("00112233-4455-6677-8899-aabbccddeeff"),
            Node = new(2),
            To = new(3),
            Store = new("ffeeddcc-bbaa-9988-7766-554433221100"),
            Incarnation = 0x0102030405060708,
            AgreementHash = new byte[32],
            Http = "a:1",
            Resp = "",
            Zone = "z",
            Sqlite = "3",
        });
        Assert.That(
            Convert.ToHexString(writer.Written.Span),
            Is.EqualTo(
                "01000100" + "03" + "33221100554477668899AABBCCDDEEFF" + "0200000000000000" + "0300000000000000" + "CCDDEEFFAABB88997766554433221100"
                + "0807060504030201" + new string('0', 64) + "03613A31" + "00" + "017A" + "0133"));
    }

    [TestCase(RefusalKind.OtherCluster, "belongs to cluster")]
    [TestCase(RefusalKind.OtherStore, "its disk was wiped or replaced")]
    [TestCase(RefusalKind.NotMember, "is not a member")]
    [TestCase(RefusalKind.OwnId, "two processes were started with the same --id")]
    [TestCase(RefusalKind.WrongNode, "are mixed up")]
    [TestCase(RefusalKind.UnsupportedVersion, "speaks protocol versions 7 to 9")]
    public async Task A_stranger_is_told_why_it_is_refused_and_the_log_says_it_once(RefusalKind kind, string reason)
    {
        await StartFirstAsync();
        for (var attempt = 0; attempt < 3; attempt++)
        {
            using var peer = await RawPeer.DialAsync(_nodes[0]);
            var good = RawPeer.HelloFrom(_nodes[0], 2);
            var hello = kind switch
            {
                RefusalKind.OtherCluster => good with { Cluster = Guid.Parse("11111111-1111-1111-1111-111111111111") },
                RefusalKind.OtherStore => good with { Store = Guid.Parse("11111111-1111-1111-1111-111111111111") },
                RefusalKind.NotMember => good with { Node = new(9) },
                RefusalKind.OwnId => good with { Node = new(1) },
                RefusalKind.WrongNode => good with { To = new(2) },
                _ => good with { MinVersion = 7, MaxVersion = 9 },
            };
            var refused = await Assert.ThrowsAsync<HandshakeRefusedException>(() => peer.GreetAsync(hello));
            Assert.That((refused!.Refusal.Kind, refused.Message.Contains(reason)), Is.EqualTo((kind, true)), refused.Message);
            await peer.ClosedAsync();
        }

        Assert.That(_nodes[0].Log.Lines.Count(line => line.Contains(reason)), Is.EqualTo(1));
    }

    [Test]
    public async Task A_node_whose_disk_was_replaced_is_refused_by_both_sides_and_the_state_says_so()
    {
        var made = await TestNode.ListenAsync(2, Options);
        List<ClusterMember> other = [made[0].Identity.Members[0], made[0].Identity.Members[1] with { Store = Guid.NewGuid() }];
        _nodes.Add(TestNode.Start(made[0].Listener, made[0].Identity, Options, made[0].Log));
        _nodes.Add(TestNode.Start(made[1].Listener, TestNode.IdentityOf(made[0].Identity.Cluster, other, 1), Options, made[1].Log));
        await Until.TrueAsync(
            () => _nodes.All(n => n.Transport.Peers[0].Problem?.Contains("its disk was wiped or replaced") == true), "both name the problem");
        Assert.That(_nodes.Select(n => n.Transport.Peers[0].Connected), Is.All.False);
        Assert.That(_nodes.SelectMany(n => n.Handler.Lost), Is.Empty);
    }

    [Test]
    public async Task Garbage_on_the_port_is_dropped_with_a_line_in_the_log()
    {
        await StartFirstAsync();
        using var peer = await RawPeer.DialAsync(_nodes[0]);
        await peer.Stream.WriteAsync(Encoding.ASCII.GetBytes("GET / HTTP/1.1\r\nHost: x\r\n\r\n"));
        await peer.ClosedAsync();
        await Until.TrueAsync(() => _nodes[0].Log.Lines.Any(l => l.Contains("does not begin as a RaftDb node does")), "the log line");
    }

    [Test]
    public async Task A_connection_that_says_nothing_is_closed_after_the_handshake_timeout()
    {
        await StartFirstAsync();
        using var peer = await RawPeer.DialAsync(_nodes[0]);
        await peer.ClosedAsync();
    }

    [Test]
    public async Task Strangers_beyond_the_bound_are_turned_away_and_members_come_in_afterwards()
    {
        await StartFirstAsync();
        List<RawPeer> peers = [];
        for (var i = 0; i < 12; i++)
        {
            peers.Add(await RawPeer.DialAsync(_nodes[0]));
        }

        await Until.DoneAsync(Task.WhenAll(peers.Select(p => p.ClosedAsync())), "all are closed");
        Assert.That(_nodes[0].Log.Lines, Has.Some.Contains("have not said who they are yet"));
        using var member = await RawPeer.DialAsync(_nodes[0]);
        await member.ConnectAsync(_nodes[0], 2);
    }

    [Test]
    public async Task Random_bytes_never_crash_the_node_or_hold_a_connection()
    {
        await StartFirstAsync();
        var seed = int.TryParse(Environment.GetEnvironmentVariable(ReplayVariable), out var given) ? given : Random.Shared.Next();
        TestContext.Out.WriteLine($"SEED={seed} (replay with {ReplayVariable}={seed})");
        Random random = new(seed);
        for (var i = 0; i < 60; i++)
        {
            using var peer = await RawPeer.DialAsync(_nodes[0]);
            if (i % 2 == 1)
            {
                await peer.GreetAsync(RawPeer.HelloFrom(_nodes[0], 2));
                await Handshake.SendAsync(peer.Stream, FrameKind.Welcome, default);
            }

            try
            {
                await peer.Stream.WriteAsync(i % 4 == 3 ? RandomFrame(random) : RandomBytes(random));
                peer.Stream.Socket.Shutdown(SocketShutdown.Send);
            }
            catch (IOException)
            {
                // Closed while we wrote: as good.
            }

            await peer.ClosedAsync();
        }

        using var member = await RawPeer.DialAsync(_nodes[0]);
        await member.ConnectAsync(_nodes[0], 2);
        Assert.That(_nodes[0].Log.Errors.Where(line => !line.Contains("The clock of node 2")), Is.Empty);
    }

    private static byte[] RandomBytes(Random random)
    {
        var bytes = new byte[random.Next(1, 5000)];
        random.NextBytes(bytes);
        return bytes;
    }

    private static byte[] RandomFrame(Random random)
    {
        using WireWriter writer = new();
        var start = writer.BeginFrame((FrameKind)random.Next(0, 20));
        writer.Raw(RandomBytes(random));
        writer.EndFrame(start);
        return writer.Written.ToArray();
    }

    /// <summary>Node 1 of two; the other's port takes no connections.</summary>
    private async Task StartFirstAsync()
    {
        var made = await TestNode.ListenAsync(2, Options);
        await made[1].Listener.DisposeAsync();
        _nodes.Add(TestNode.Start(made[0].Listener, made[0].Identity, Options, made[0].Log));
    }
}
