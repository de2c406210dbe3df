using System.Diagnostics;
using RaftDb.Server.Transport.Handshakes;
using RaftDb.Server.Transport.Wire;
using RaftDb.Storage.StateMachines.Snapshots;

namespace RaftDb.Server.Transport.Snapshots;

/// <summary>The receiver does not want a snapshot, or could not install it.</summary>
/// <param name="beforeData">Whether it said so before any data was sent.</param>
internal sealed class SnapshotRejectedException(string message, bool beforeData) : Exception(message)
{
    public bool BeforeData { get; } = beforeData;
}

/// <summary>One attempt to send a snapshot over one connection. The receiver pings while it works, so silence means that it is gone.</summary>
internal sealed class SnapshotUpload(SnapshotAnnouncement announcement, ISnapshotSource source, RateLimit rate, PeerTransportOptions options)
{
    private static readonly TimeSpan LongestSilence = TimeSpan.FromSeconds(1);

    private readonly long _length = announcement.Header.Length;

    /// <summary>How far the receiver had it, or the sending came.</summary>
    public long Reached { get; private set; }

    /// <summary>Returns when the receiver has installed it.</summary>
    public async Task RunAsync(DialledConnection connection, CancellationToken cancel)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        using WireWriter writer = new(options.SnapshotChunkBytes + 64);
        writer.EmptyFrame(FrameKind.Welcome);
        SnapshotFrames.EncodeOffer(writer, announcement);
        await connection.Stream.WriteAsync(writer.Written, over.Token);
        var offset = await ReadResumeAsync(connection.Reader, over.Token);
        Reached = offset;

        var verdict = ReadVerdictAsync(connection.Reader, over.Token);
        var sending = SendChunksAsync(connection.Stream, writer, offset, verdict, over.Token);
        try
        {
            if (await Task.WhenAny(verdict, sending) == sending)
            {
                await sending;
            }

            var (installed, reason) = await verdict;
            if (!installed)
            {
                throw new SnapshotRejectedException(reason, beforeData: false);
            }
        }
        finally
        {
            await over.CancelAsync();
            await Task.WhenAll(Observed(verdict), Observed(sending));
        }
    }

    private async Task SendChunksAsync(Stream stream, WireWriter writer, long offset, Task verdict, CancellationToken cancel)
    {
        while (offset < _length && !verdict.IsCompleted)
        {
            // Sockets may complete on the thread that serves all of them: the disk must not hold it up.
            await Task.Yield();
            writer.Reset();
            var start = writer.BeginFrame(FrameKind.SnapshotChunk);
            writer.Varint((ulong)offset);
            var wanted = (int)Math.Min(options.SnapshotChunkBytes, _length - offset);
            var read = source.Read(writer.Room(wanted)[..wanted], offset);
            if (read == 0)
            {
                throw new InvalidDataException($"The snapshot's copy ends at byte {offset}, its header says {_length}.");
            }

            writer.Advance(read);
            writer.EndFrame(start);
            await PauseAsync(stream, rate.Take(read), cancel);
            await stream.WriteAsync(writer.Written, cancel);
            offset += read;
            Reached = offset;
        }
    }

    /// <summary>Waits for the rate limit, and shows that it lives meanwhile.</summary>
    private static async Task PauseAsync(Stream stream, TimeSpan pause, CancellationToken cancel)
    {
        var began = Stopwatch.GetTimestamp();
        while (pause - Stopwatch.GetElapsedTime(began) is var left && left > TimeSpan.Zero)
        {
            await Task.Delay(left < LongestSilence ? left : LongestSilence, cancel);
            if (left > LongestSilence)
            {
                await Handshake.SendAsync(stream, FrameKind.Ping, cancel);
            }
        }
    }

    private async Task<long> ReadResumeAsync(FrameReader reader, CancellationToken cancel)
    {
        var frame = await ReadFrameAsync(reader, cancel);
        return frame.Kind == FrameKind.SnapshotDeclined
            ? throw new SnapshotRejectedException(SnapshotFrames.DecodeDeclined(frame), beforeData: true)
            : SnapshotFrames.DecodeResume(frame, _length);
    }

    private async Task<(bool Installed, string Reason)> ReadVerdictAsync(FrameReader reader, CancellationToken cancel) =>
        SnapshotFrames.DecodeVerdict(await ReadFrameAsync(reader, cancel));

    private async Task<Frame> ReadFrameAsync(FrameReader reader, CancellationToken cancel)
    {
        while (true)
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
            limit.CancelAfter(options.CloseAfter);
            try
            {
                var frame = await reader.ReadAsync(limit.Token) ?? throw new EndOfStreamException("The receiver closed the connection.");
                if (frame.Kind != FrameKind.Ping)
                {
                    return frame;
                }
            }
            catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
            {
                throw new TimeoutException($"Nothing came from the receiver for {options.CloseAfter.TotalSeconds:0.#} s.");
            }
        }
    }

    /// <summary>Waits for a task whose outcome was told already, or no longer matters.</summary>
    private static Task Observed(Task task) => task.ContinueWith(
        static t => _ = t.Exception, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
}
