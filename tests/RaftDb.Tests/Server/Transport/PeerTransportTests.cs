using System.Net.Sockets;
using RaftDb.Server.Transport;
using RaftDb.Storage;

namespace RaftDb.Tests.Server.Transport;

[TestFixture]
internal sealed class PeerTransportTests
{
    private static readonly PeerTransportOptions Options = new();

    /// <summary>Whoever waits for silence to tell that a process is gone waits longer than a test does.</summary>
    private static readonly PeerTransportOptions Unhurried = new() { SuspectAfter = TimeSpan.FromMinutes(5), CloseAfter = TimeSpan.FromMinutes(10) };

    private List<TestNode> _nodes = [];

    [TearDown]
    public async Task Stop()
    {
        foreach (var node in _nodes)
        {
            await node.DisposeAsync();
        }

        _nodes = [];
    }

    [Test]
    public async Task Messages_arrive_in_order_in_both_directions()
    {
        _nodes = await TestNode.PairAsync(Options);
        for (ulong i = 0; i < 1000; i++)
        {
            _nodes[0].Transport.Send(new(2), [TestNode.Message(i)]);
            _nodes[1].Transport.Send(new(1), [TestNode.Message(i), TestNode.Message(i + 10_000)]);
        }

        await Until.TrueAsync(() => _nodes[1].Handler.Messages.Count >= 1000 && _nodes[0].Handler.Messages.Count >= 2000, "all messages");
        Assert.That(_nodes[1].Handler.Messages.Select(m => m.Message), Is.EqualTo(Enumerable.Range(0, 1000).Select(i => TestNode.Message((ulong)i))));
        Assert.That(_nodes[0].Handler.Messages.All(m => m.From == new NodeId(2)), Is.True);
    }

    [Test]
    public async Task What_a_peer_says_of_itself_is_shown()
    {
        _nodes = await TestNode.ClusterAsync(3, Options);
        var state = _nodes[0].PeerOf(3);
        Assert.That(
            (state.Http, state.Resp, state.Zone, state.Sqlite, state.Problem, state.LastHeard is not null),
            Is.EqualTo(("http-3", "resp-3", "zone", "3.35.5", (string?)null, true)));
    }

    [Test]
    public async Task Simultaneous_dials_leave_one_connection_and_report_no_loss()
    {
        for (var round = 0; round < 15; round++)
        {
            _nodes = await TestNode.ClusterAsync(2, Options);
            await Until.TrueAsync(() => _nodes.Sum(n => n.OpenDialled.Count) == 1, "one connection is left");
            var answer = await _nodes[0].Transport.RequestAsync(new(2), PeerRequestKind.Get, new byte[] { 7 }, Until.Limit, default);
            Assert.That(answer.ToArray(), Is.EqualTo(new byte[] { 7 }));
            Assert.That(_nodes.SelectMany(n => n.Handler.Lost), Is.Empty, $"round {round}");
            await Stop();
        }
    }

    [Test]
    public async Task A_killed_process_is_reported_gone_within_moments_and_once()
    {
        for (var round = 0; round < 5; round++)
        {
            _nodes = await TestNode.ClusterAsync(3, Unhurried);
            var victim = _nodes[round % 3];
            await victim.KillAsync();
            var others = _nodes.Where(n => n != victim).ToList();
            await Until.TrueAsync(() => others.All(n => n.Handler.Lost.Contains((victim.Id, true))), "the process is gone");
            Assert.That(others.Select(n => n.Handler.Lost.Count(l => l.ProcessGone)), Is.All.EqualTo(1));
            await Stop();
        }
    }

    [Test]
    public async Task A_stopped_node_says_goodbye_and_is_reported_gone()
    {
        _nodes = await TestNode.PairAsync(Options);
        await _nodes[1].Transport.DisposeAsync();
        await Until.TrueAsync(() => !_nodes[0].Handler.Lost.IsEmpty, "the process is gone");
        Assert.That(_nodes[0].Handler.Lost, Is.EqualTo(new[] { (new NodeId(2), true) }));
        Assert.That(_nodes[0].Log.Lines, Has.Some.Contains("is stopping"));
    }

    [Test]
    public async Task A_broken_connection_between_living_processes_is_lost_but_not_gone()
    {
        _nodes = await TestNode.PairAsync(Options);
        foreach (var socket in _nodes.SelectMany(n => n.OpenDialled))
        {
            socket.Close(0);
        }

        await Until.TrueAsync(() => _nodes.All(n => !n.Handler.Lost.IsEmpty), "both see the loss");
        await TestNode.ConnectedAsync(_nodes);
        Assert.That(_nodes.SelectMany(n => n.Handler.Lost).Select(l => l.ProcessGone), Is.All.False);
        await _nodes[0].Transport.RequestAsync(new(2), PeerRequestKind.Get, default, Until.Limit, default);
    }

    [Test]
    public async Task A_process_that_was_replaced_behind_the_same_port_is_reported_gone()
    {
        _nodes = await TestNode.PairAsync(Options);
        var (listener, identity) = (_nodes[1].Listener, _nodes[1].Identity);
        await _nodes[1].Transport.CrashAsync();
        var next = TestNode.Start(listener, identity, Options);
        _nodes.Add(next);
        await Until.TrueAsync(() => !_nodes[0].Handler.Lost.IsEmpty && _nodes[0].PeerOf(2).Connected, "a new process");
        Assert.That(_nodes[0].Handler.Lost, Is.EqualTo(new[] { (new NodeId(2), true) }));
        await next.Transport.RequestAsync(new(1), PeerRequestKind.Get, default, Until.Limit, default);
    }

    [Test]
    public async Task A_peer_that_was_lost_and_is_gone_later_is_reported_gone_then()
    {
        var options = Options with { LossVerdictTimeout = TimeSpan.FromMilliseconds(50), ConnectTimeout = TimeSpan.FromMilliseconds(100) };
        _nodes = await TestNode.ClusterAsync(2, options);

        // The port takes connections and nobody speaks: what a process looks like that is stopped, or behind a dead network.
        _nodes[1].Listener.Route(RaftDb.Server.Transport.Handshakes.ConnectionPurpose.Peer, _ => new TaskCompletionSource().Task);
        await _nodes[1].Transport.CrashAsync();
        await Until.TrueAsync(() => _nodes[0].Handler.Lost.Contains((new NodeId(2), false)) || _nodes[0].Handler.Lost.Contains((new NodeId(2), true)), "lost");
        await _nodes[1].Listener.DisposeAsync();
        await Until.TrueAsync(() => _nodes[0].Handler.Lost.Contains((new NodeId(2), true)), "gone");
        Assert.That(_nodes[0].Handler.Lost.Count(l => l.ProcessGone), Is.EqualTo(1));
    }

    [Test]
    public async Task Big_frames_go_through_and_too_big_ones_are_refused_as_never_sent()
    {
        _nodes = await TestNode.ClusterAsync(2, Options);
        var big = new byte[20 << 20];
        new Random(1).NextBytes(big);
        var answer = await _nodes[0].Transport.RequestAsync(new(2), PeerRequestKind.Write, big, Until.Limit, default);
        Assert.That(answer.Span.SequenceEqual(big), Is.True);

        var tooBig = await Assert.ThrowsAsync<PeerUnreachableException>(async () =>
            await _nodes[0].Transport.RequestAsync(new(2), PeerRequestKind.Write, new byte[33 << 20], Until.Limit, default));
        Assert.That((tooBig!.NotSent, _nodes[0].PeerOf(2).Connected), Is.EqualTo((true, true)));

        _nodes[1].Handler.Answer = static (_, _, _, _) => new(new byte[33 << 20]);
        var tooBigAnswer = await Assert.ThrowsAsync<PeerUnreachableException>(async () =>
            await _nodes[0].Transport.RequestAsync(new(2), PeerRequestKind.Scan, default, Until.Limit, default));
        Assert.That((tooBigAnswer!.NotSent, tooBigAnswer.Message.Contains("longer than the longest frame")), Is.EqualTo((false, true)));
    }

    [Test]
    public async Task The_port_survives_its_transport_and_says_so()
    {
        _nodes = await TestNode.ClusterAsync(2, Options);
        await _nodes[1].Transport.DisposeAsync();
        using Socket probe = new(SocketType.Stream, ProtocolType.Tcp);
        await probe.ConnectAsync(_nodes[1].Listener.EndPoint);
        Assert.That(probe.Connected, Is.True);
        await Until.TrueAsync(() => _nodes[0].PeerOf(2).Problem?.Contains("starting, stopping") == true, "the peer names its state");
    }
}
