using System.Net;
using System.Net.Sockets;
using RaftDb.Server.Transport.Connections;
using RaftDb.Server.Transport.Handshakes;
using RaftDb.Server.Transport.Wire;
using RaftDb.Storage;

namespace RaftDb.Tests.Server.Transport.Connections;

/// <summary>A peer with two links, as when both sides dialled at once.</summary>
[TestFixture]
internal sealed class PeerTests
{
    private readonly RecordingHandler _handler = new();
    private readonly List<IDisposable> _ends = [];

    [TearDown]
    public void Close()
    {
        _ends.ForEach(end => end.Dispose());
        _ends.Clear();
        _handler.Lost.Clear();
    }

    [Test]
    public async Task A_link_that_breaks_while_another_is_open_is_reported_lost([Values] bool decides)
    {
        var peer = PeerOf(decides);
        var (dialled, dialledEnd) = await LinkAsync(dialledByUs: true);
        var (accepted, acceptedEnd) = await LinkAsync(dialledByUs: false);
        var (first, firstEnd) = decides ? (dialled, dialledEnd) : (accepted, acceptedEnd);
        peer.Adopt(first);
        peer.Adopt(decides ? accepted : dialled);
        firstEnd.Close(0);
        await Until.TrueAsync(() => first.Closed.IsCompleted && !_handler.Lost.IsEmpty, "the loss is told");
        Assert.That((_handler.Lost.ToArray(), peer.IsConnected), Is.EqualTo((new[] { (peer.Node, false) }, true)));
        await peer.LeaveAsync(TimeSpan.Zero);
    }

    [Test]
    public async Task A_link_that_the_other_side_gives_up_for_another_is_no_loss()
    {
        var peer = PeerOf(decides: false);
        var (accepted, acceptedEnd) = await LinkAsync(dialledByUs: false);
        var (dialled, _) = await LinkAsync(dialledByUs: true);
        peer.Adopt(accepted);
        peer.Adopt(dialled);
        await using NetworkStream stream = new(acceptedEnd);
        await Handshake.SendAsync(stream, FrameKind.Superseded, default);
        await Until.DoneAsync(peer.WaitForChangeAsync(Timeout.InfiniteTimeSpan, default), "the peer has seen the link end");
        Assert.That((accepted.EndedInOrder, _handler.Lost.Count), Is.EqualTo((true, 0)));
        await peer.LeaveAsync(Until.Limit);
    }

    private Peer PeerOf(bool decides)
    {
        NodeId node = new(2);
        return new(node, "127.0.0.1:1", new(decides ? 3ul : 1), new(), new(new(new("peer")), node), new(), _handler, new ListLog());
    }

    /// <summary>A link whose handshake is over, and the other side's end of it.</summary>
    private async Task<(PeerLink Link, Socket Other)> LinkAsync(bool dialledByUs)
    {
        using Socket listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        Socket ours = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await ours.ConnectAsync(listener.LocalEndPoint!);
        var other = await listener.AcceptAsync();
        NetworkStream stream = new(ours, ownsSocket: true);
        _ends.AddRange([stream, other]);
        return (new(stream, new(stream, 1 << 20), Remote(), dialledByUs), other);
    }

    private static Hello Remote() =>
        new HelloFactory(Guid.Empty, new(2), Guid.Empty, new byte[32], new("", "", "", ""), incarnation: 7).For(new(1), ConnectionPurpose.Peer);
}
