using System.Net.Sockets;
using RaftDb.Server.Transport.Handshakes;
using RaftDb.Server.Transport.Wire;

namespace RaftDb.Server.Transport.Connections;

/// <summary>One open connection to a peer: a task that reads it and a task that writes it. What to send comes from the peer's outbox, what came goes to
/// the peer. A link ends in order (with a last word, after which nothing follows) or by being aborted.</summary>
internal sealed class PeerLink(Stream stream, FrameReader reader, Hello remote, bool dialledByUs)
{
    private const int PieceBytes = 1 << 20;
    private static readonly TimeSpan LastWordTimeout = TimeSpan.FromSeconds(1);

    private readonly CancellationTokenSource _closing = new();
    private readonly AsyncSignal _wake = new();
    private readonly TaskCompletionSource _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private string? _reason;
    private long _lastHeard = Environment.TickCount64;
    private long _lastSent = Environment.TickCount64;
    private long _writeSince;
    private int _lastWord;
    private int _started;

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
            _ = RunAsync(peer);
        }
    }

    /// <summary>Something waits in the outbox.</summary>
    public void Wake() => _wake.Set();

    /// <summary>Sends what is under way and then the last word.</summary>
    public void Retire(FrameKind lastWord)
    {
        if (Interlocked.CompareExchange(ref _lastWord, (int)lastWord, 0) == 0)
        {
            _wake.Set();
        }
    }

    /// <summary>Closes at once.</summary>
    public void Abort(string reason)
    {
        Interlocked.CompareExchange(ref _reason, reason, null);
        _closing.Cancel();
        _wake.Set();
        if (Volatile.Read(ref _started) == 0)
        {
            stream.Dispose();
        }
    }

    private async Task RunAsync(Peer peer)
    {
        var writing = Task.Run(() => WriteAsync(peer));
        var reading = Task.Run(() => ReadAsync(peer));
        try
        {
            if (await Task.WhenAny(writing, reading) == writing)
            {
                // Our last word is said; the other side's should come at once.
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

    private async Task WriteAsync(Peer peer)
    {
        using LinkWriter writer = new(this, peer);
        try
        {
            if (DialledByUs)
            {
                await writer.SendAsync(FrameKind.Welcome);
            }

            while (!_closing.IsCancellationRequested)
            {
                // What is still queued when a link is given up for another goes to that one; when the process leaves, it goes first.
                if (await writer.SendQueuedAsync())
                {
                    continue;
                }

                if (IsRetired)
                {
                    await writer.SendAsync((FrameKind)Volatile.Read(ref _lastWord));
                    return;
                }

                await _wake.WaitAsync();
            }
        }
        catch (Exception fault) when (IsLoss(fault))
        {
            Fail(peer, fault);
        }
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
