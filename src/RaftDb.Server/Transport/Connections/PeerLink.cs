using System.Net.Sockets;
using RaftDb.Server.Transport.Handshakes;
using RaftDb.Server.Transport.Wire;

namespace RaftDb.Server.Transport.Connections;

/// <summary>One open connection to a peer: a task that reads it, and whoever has something to send writes it, one at a time. What to send comes from the peer's outbox, what
/// came goes to the peer. A link ends in order (with a last word, after which nothing follows) or by being aborted.</summary>
internal sealed class PeerLink(Stream stream, FrameReader reader, Hello remote, bool dialledByUs)
{
    private const int PieceBytes = 1 << 20;

    /// <summary>Up to here whoever brings something sends it, without a hop to another thread; more is worth one.</summary>
    private const long InlineBytes = 64 << 10;

    /// <summary>How long the other side's last word may take after ours: whatever it sent before would count as lost. As long as silence is borne.</summary>
    private static readonly TimeSpan LastWordTimeout = TimeSpan.FromSeconds(5);

    private readonly CancellationTokenSource _closing = new();
    private readonly TaskCompletionSource _written = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private string? _reason;
    private long _lastHeard = Environment.TickCount64;
    private long _lastSent = Environment.TickCount64;
    private long _writeSince;
    private int _lastWord;
    private int _started;

    // Whether somebody writes; nobody does before the link is started, or after its end.
    private int _writing = 1;
    private Peer? _peer;
    private LinkWriter? _writer;

    /// <summary>What the other side said of itself.</summary>
    public Hello Remote { get; } = remote;

    /// <summary>Which side dialled.</summary>
    public bool DialledByUs { get; } = dialledByUs;

    /// <summary>Whether the link is given up for another, or because this process leaves: it sends no more than is under way.</summary>
    public bool IsRetired => Volatile.Read(ref _lastWord) != 0;

    /// <summary>Whether the other side said its last word: all that it sent has arrived.</summary>
    public bool EndedInOrder { get; private set; }

    /// <summary>Completes when both tasks have ended and the connection is closed.</summary>
    public Task Closed => _closed.Task;

    /// <summary>How long nothing has come, in milliseconds.</summary>
    public long SilentFor(long now) => now - Interlocked.Read(ref _lastHeard);

    /// <summary>Whether nothing came for so long, or a write has been blocked for so long.</summary>
    public bool IsStalled(long now, TimeSpan limit) => Math.Max(SilentFor(now), BlockedFor(now)) >= limit.TotalMilliseconds;

    /// <summary>Whether nothing was sent for so long, and something could be.</summary>
    public bool WantsPing(long now, TimeSpan interval) =>
        now - Interlocked.Read(ref _lastSent) >= interval.TotalMilliseconds && BlockedFor(now) == 0;

    private long BlockedFor(long now) => Interlocked.Read(ref _writeSince) is var since && since == 0 ? 0 : now - since;

    /// <summary>Starts both tasks; called once.</summary>
    public void Start(Peer peer)
    {
        if (Interlocked.Exchange(ref _started, 1) == 0)
        {
            reader.OnReceived = bytes =>
            {
                // Part of a long frame is a sign of life too.
                Interlocked.Exchange(ref _lastHeard, Environment.TickCount64);
                peer.Metrics.Received(bytes);
            };
            Interlocked.Exchange(ref _lastHeard, Environment.TickCount64);
            _peer = peer;
            _writer = new(this, peer);
            _ = RunAsync(peer);
        }
    }

    /// <summary>Something waits in the outbox: it is sent now, unless somebody else is sending, who then sends that too. Not to be called under a lock.</summary>
    public void Wake()
    {
        if (Interlocked.CompareExchange(ref _writing, 1, 0) != 0)
        {
            return;
        }

        if (_peer!.Outbox.Bytes <= InlineBytes)
        {
            _ = WriteAsync(_peer, isFirst: false);
        }
        else
        {
            Task.Run(() => WriteAsync(_peer, isFirst: false));
        }
    }

    /// <summary>The same, on another thread.</summary>
    public void WakeLater() => ThreadPool.UnsafeQueueUserWorkItem(static link => link.Wake(), this, preferLocal: false);

    /// <summary>Sends what is under way and then the last word.</summary>
    public void Retire(FrameKind lastWord)
    {
        if (Interlocked.CompareExchange(ref _lastWord, (int)lastWord, 0) == 0)
        {
            WakeLater();
        }
    }

    /// <summary>Closes at once.</summary>
    public void Abort(string reason)
    {
        Interlocked.CompareExchange(ref _reason, reason, null);
        _closing.Cancel();
        WakeLater();
        if (Volatile.Read(ref _started) == 0)
        {
            stream.Dispose();
        }
    }

    private async Task RunAsync(Peer peer)
    {
        var writing = _written.Task;
        _ = Task.Run(() => WriteAsync(peer, isFirst: true));
        var reading = Task.Run(() => ReadAsync(peer));
        try
        {
            if (await Task.WhenAny(writing, reading) == writing)
            {
                // Our last word is said; the other side's should come soon.
                _closing.CancelAfter(LastWordTimeout);
            }
            else if (!EndedInOrder)
            {
                // The connection ended under the writer; nothing that it still has can arrive.
                Abort("the other side closed the connection");
            }

            await Task.WhenAll(writing, reading);
        }
        catch (Exception fault)
        {
            peer.OnFault(fault);
        }
        finally
        {
            Abort("the other side closed the connection");
            stream.Dispose();
            reader.Dispose();
            _closed.TrySetResult();
            peer.OnLinkClosed(this, _reason!);
        }
    }

    private async Task ReadAsync(Peer peer)
    {
        try
        {
            while (!EndedInOrder && await reader.ReadAsync(_closing.Token) is { } frame)
            {
                EndedInOrder = frame.Kind is FrameKind.Superseded or FrameKind.Goodbye;
                peer.OnFrame(this, frame);
            }
        }
        catch (Exception fault) when (IsLoss(fault))
        {
            Fail(peer, fault);
        }
    }

    /// <summary>Owns the writer until there is nothing to send, or for good: its fate is told by <see cref="_written"/>.</summary>
    private async Task WriteAsync(Peer peer, bool isFirst)
    {
        try
        {
            if (isFirst && DialledByUs)
            {
                await _writer!.SendAsync(FrameKind.Welcome);
            }

            while (!_closing.IsCancellationRequested)
            {
                // What is still queued when a link is given up for another goes to that one; when the process leaves, it goes first.
                if (await _writer!.SendQueuedAsync())
                {
                    continue;
                }

                if (IsRetired)
                {
                    await _writer.SendAsync((FrameKind)Volatile.Read(ref _lastWord));
                    break;
                }

                // Let go first, look again then: who comes in between finds it free, or is seen.
                Interlocked.Exchange(ref _writing, 0);
                bool isOver = !peer.HasOutgoing(this) && !IsRetired && !_closing.IsCancellationRequested;
                if (isOver || Interlocked.CompareExchange(ref _writing, 1, 0) != 0)
                {
                    return;
                }
            }
        }
        catch (Exception fault) when (IsLoss(fault))
        {
            Fail(peer, fault);
        }
        catch (Exception fault)
        {
            _written.TrySetException(fault);
        }

        _writer!.Dispose();
        _written.TrySetResult();
    }

    /// <summary>Writes bytes to the connection, in pieces, so that a slow network is told from a blocked one.</summary>
    public async ValueTask WriteBytesAsync(ReadOnlyMemory<byte> bytes)
    {
        while (bytes.Length > 0)
        {
            var piece = bytes[..Math.Min(bytes.Length, PieceBytes)];
            Interlocked.Exchange(ref _writeSince, Environment.TickCount64);
            await stream.WriteAsync(piece, _closing.Token);
            bytes = bytes[piece.Length..];
        }

        Interlocked.Exchange(ref _lastSent, Environment.TickCount64);
        Interlocked.Exchange(ref _writeSince, 0);
    }

    private void Fail(Peer peer, Exception fault)
    {
        if (fault is ProtocolViolationException)
        {
            peer.OnViolation(fault.Message);
        }

        Abort(fault.Message);
    }

    private static bool IsLoss(Exception fault) =>
        fault is IOException or SocketException or OperationCanceledException or ObjectDisposedException;
}
