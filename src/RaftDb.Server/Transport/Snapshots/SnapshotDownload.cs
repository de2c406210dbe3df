using RaftDb.Server.Transport.Handshakes;
using RaftDb.Server.Transport.Wire;
using RaftDb.Storage.StateMachines.Snapshots;

namespace RaftDb.Server.Transport.Snapshots;

/// <summary>The receiving disk failed, or refused.</summary>
internal sealed class SnapshotSinkFailedException(Exception inner) : Exception($"writing it failed: {inner.Message}", inner);

/// <summary>The receiving half of a connection that carries a snapshot. It pings while it works, so that a sender that waits knows.</summary>
internal sealed class SnapshotDownload(IncomingConnection connection, PeerTransportOptions options) : IDisposable
{
    private static readonly TimeSpan PingInterval = TimeSpan.FromMilliseconds(500);

    private readonly WireWriter _writer = new(1024);
    private readonly CancellationTokenSource _quiet = new();
    private Task _pinging = Task.CompletedTask;

    public async Task<SnapshotAnnouncement> ReadOfferAsync(CancellationToken cancel) =>
        SnapshotFrames.DecodeOffer(await ReadFrameAsync(cancel));

    public async Task DeclineAsync(string reason, CancellationToken cancel)
    {
        _writer.Reset();
        SnapshotFrames.EncodeDeclined(_writer, reason);
        await connection.Stream.WriteAsync(_writer.Written, cancel);
        await DrainAsync(cancel);
    }

    /// <summary>Tells the sender where to go on.</summary>
    public async Task ResumeAsync(long offset, CancellationToken cancel)
    {
        _writer.Reset();
        SnapshotFrames.EncodeResume(_writer, offset);
        await connection.Stream.WriteAsync(_writer.Written, cancel);
        _pinging = PingAsync();
    }

    /// <summary>Reads chunks into the sink until all bytes are there.</summary>
    public async Task ReadChunksAsync(ISnapshotSink sink, long length, CancellationToken cancel)
    {
        while (sink.Received < length)
        {
            var frame = await ReadFrameAsync(cancel);
            var offset = SnapshotFrames.DecodeChunk(frame, out var data);
            WireReader.Require(
                offset == sink.Received && data.Length <= length - offset,
                $"a chunk of {data.Length} bytes at {offset} came, where {sink.Received} of {length} are here");
            try
            {
                // Sockets may complete on the thread that serves all of them: the disk must not hold it up.
                await Task.Yield();
                sink.Write(data.Span);
            }
            catch (Exception fault)
            {
                throw new SnapshotSinkFailedException(fault);
            }
        }
    }

    /// <summary>Tells the verdict and waits for the sender to hang up.</summary>
    public async Task EndAsync(bool installed, string reason, CancellationToken cancel)
    {
        await _quiet.CancelAsync();
        await _pinging;
        _writer.Reset();
        SnapshotFrames.EncodeVerdict(_writer, installed, reason);
        await connection.Stream.WriteAsync(_writer.Written, cancel);
        await DrainAsync(cancel);
    }

    public void Dispose()
    {
        _quiet.Cancel();
        connection.Stream.Dispose();
        _writer.Dispose();
    }

    /// <summary>Reads until the sender hangs up: to close with data unread would reset the connection, and the last frame with it.</summary>
    private async Task DrainAsync(CancellationToken cancel)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(options.HandshakeTimeout);
        while (await connection.Reader.ReadAsync(limit.Token) is not null)
        {
        }
    }

    private async Task PingAsync()
    {
        try
        {
            while (true)
            {
                await Task.Delay(PingInterval, _quiet.Token);

                // Not to be cancelled: half a frame would spoil all that follows. It ends when the stream is closed.
                await Handshake.SendAsync(connection.Stream, FrameKind.Ping, CancellationToken.None);
            }
        }
        catch (Exception fault) when (fault is IOException or OperationCanceledException or ObjectDisposedException)
        {
            // Over, or the connection is gone: whoever reads it finds that out too.
        }
    }

    private async Task<Frame> ReadFrameAsync(CancellationToken cancel)
    {
        while (true)
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
            limit.CancelAfter(options.CloseAfter);
            try
            {
                var frame = await connection.Reader.ReadAsync(limit.Token) ?? throw new EndOfStreamException("the sender closed the connection");
                if (frame.Kind != FrameKind.Ping)
                {
                    return frame;
                }
            }
            catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
            {
                throw new TimeoutException($"nothing came from the sender for {options.CloseAfter.TotalSeconds:0.#} s");
            }
        }
    }
}
