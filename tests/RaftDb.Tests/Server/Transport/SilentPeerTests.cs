using RaftDb.Raft.Log;
using RaftDb.Raft.Messages;
using RaftDb.Server.Transport;
using RaftDb.Server.Transport.Wire;
using RaftDb.Storage;
using RaftDb.Tests.Server.Transport.Handshakes;

namespace RaftDb.Tests.Server.Transport;

/// <summary>Peers that keep their connection and stop taking part.</summary>
[TestFixture]
internal sealed class SilentPeerTests
{
    private static readonly PeerTransportOptions Options = new()
    {
        PingInterval = TimeSpan.FromMilliseconds(20),
        SuspectAfter = TimeSpan.FromMilliseconds(300),
        CloseAfter = TimeSpan.FromSeconds(2),
        MaxQueuedBytes = 40 << 20,
    };

    private TestNode _node = null!;

    [SetUp]
    public async Task Start()
    {
        var made = await TestNode.ListenAsync(2, Options);
        await made[1].Listener.DisposeAsync();
        _node = TestNode.Start(made[0].Listener, made[0].Identity, Options, made[0].Log);
    }

    [TearDown]
    public async Task Stop() => await _node.DisposeAsync();

    [Test]
    public async Task A_peer_that_falls_silent_is_suspected_again_and_again_and_then_given_up()
    {
        using var peer = await RawPeer.DialAsync(_node);
        await peer.ConnectAsync(_node, 2);
        await Until.TrueAsync(() => _node.Handler.Suspected.Count >= 2, "suspected twice");
        await peer.ClosedAsync();
        await Until.TrueAsync(() => !_node.PeerOf(2).Connected, "given up");
        Assert.That(_node.Handler.Suspected, Is.All.EqualTo(new NodeId(2)));
        await Until.TrueAsync(() => _node.Handler.Lost.Contains((new NodeId(2), true)), "nothing listens there: gone");
    }

    [Test]
    public async Task A_peer_that_never_reads_blocks_nobody_and_holds_no_more_than_the_bound()
    {
        using var peer = await RawPeer.DialAsync(_node);
        await peer.ConnectAsync(_node, 2);
        using CancellationTokenSource stop = new();
        var pinging = PingAsync(peer, stop.Token);

        RangeMessage large = new(new RangeId(2), new AppendEntries(
            new(1), new(2), new(1), LogPosition.Zero, [new(new(1), new(1), EntryKind.Command, new byte[1 << 20])], default, false));
        var before = GC.GetTotalMemory(forceFullCollection: true);
        for (var i = 0; i < 200; i++)
        {
            _node.Transport.Send(new(2), [large]);
        }

        var refused = await Assert.ThrowsAsync<PeerUnreachableException>(async () =>
            await _node.Transport.RequestAsync(new(2), PeerRequestKind.Get, new byte[8 << 20], Until.Limit, default));
        Assert.That(GC.GetTotalMemory(forceFullCollection: true) - before, Is.LessThan(100 << 20));
        TestContext.Out.WriteLine(refused!.Message);

        await Until.TrueAsync(() => !_node.PeerOf(2).Connected, "a write that is blocked for so long is given up");
        await stop.CancelAsync();
        await pinging;
    }

    [Test]
    public async Task A_malformed_message_closes_the_connection_and_is_named_in_the_log()
    {
        using var peer = await RawPeer.DialAsync(_node);
        await peer.ConnectAsync(_node, 2);
        using WireWriter writer = new();
        var start = writer.BeginFrame(FrameKind.Messages);
        writer.UInt64(1);
        writer.Raw([77, 1, 1, 1, 1, 1]);
        writer.EndFrame(start);
        await peer.Stream.WriteAsync(writer.Written);
        await peer.ClosedAsync();
        await Until.TrueAsync(() => _node.Log.Lines.Any(l => l.Contains("a Raft message of unknown kind 77")), "the log line");
    }

    [Test]
    public async Task A_clock_far_ahead_is_complained_of_once_and_not_followed()
    {
        using var peer = await RawPeer.DialAsync(_node);
        await peer.ConnectAsync(_node, 2);
        for (var i = 0; i < 3; i++)
        {
            using WireWriter writer = new();
            var start = writer.BeginFrame(FrameKind.Messages);
            writer.UInt64(ulong.MaxValue >> 1);
            MessageCodec.Encode(writer, TestNode.Message((ulong)i));
            writer.EndFrame(start);
            await peer.Stream.WriteAsync(writer.Written);
        }

        await Until.TrueAsync(() => _node.Handler.Messages.Count == 3, "the messages themselves are taken");
        Assert.That(_node.Log.Errors.Count(l => l.Contains("clock of node 2")), Is.EqualTo(1));
    }

    private static async Task PingAsync(RawPeer peer, CancellationToken stop)
    {
        using WireWriter writer = new();
        var start = writer.BeginFrame(FrameKind.Pong);
        writer.UInt64(0);
        writer.EndFrame(start);
        try
        {
            while (true)
            {
                await peer.Stream.WriteAsync(writer.Written, stop);
                await Task.Delay(Options.PingInterval, stop);
            }
        }
        catch (Exception fault) when (fault is IOException or OperationCanceledException)
        {
            // The node gave the connection up.
        }
    }
}
