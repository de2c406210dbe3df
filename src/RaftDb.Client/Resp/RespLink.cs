using System.Buffers;
using System.Collections.Concurrent;
using System.Diagnostics;
using System.IO.Pipelines;
using System.Net.Sockets;
using System.Threading.Channels;

namespace RaftDb.Client.Resp;

/// <summary>
/// One pipelined connection. Callers queue commands without a lock; one loop writes all that have come and flushes once, another reads answers and completes the commands in
/// their order. When either ends, the connection is over, and every command that has no answer learns whether it was written.
/// </summary>
internal sealed class RespLink : IAsyncDisposable
{
    private const int BufferBytes = 32 << 10;
    private const int FlushBytes = 128 << 10;

    private readonly Endpoint _endpoint;
    private readonly Socket _socket;
    private readonly Channel<RespCall> _outgoing = Channel.CreateUnbounded<RespCall>(new UnboundedChannelOptions { SingleReader = true });
    private readonly ConcurrentQueue<RespCall> _unanswered = new();
    private readonly SemaphoreSlim _slots;
    private readonly Task _running;
    private int _inFlight;
    private long _heardAt = Stopwatch.GetTimestamp();
    private volatile string? _ending;

    private RespLink(Endpoint endpoint, Socket socket, int maxInFlight)
    {
        _endpoint = endpoint;
        _socket = socket;
        _slots = new(maxInFlight);
        _running = RunAsync();
    }

    /// <summary>Commands without an answer.</summary>
    public int InFlight => Volatile.Read(ref _inFlight);

    public bool IsOpen => _ending is null;

    /// <summary>Completes when it has ended, whatever the reason.</summary>
    public Task Ended => _running;

    /// <summary>Connects and greets. Throws <see cref="ConnectionLostException"/>, or <see cref="OperationCanceledException"/> when it takes too long.</summary>
    public static async Task<RespLink> ConnectAsync(Endpoint endpoint, int maxInFlight, CancellationToken cancel)
    {
        Socket socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(endpoint.Host, endpoint.Port, cancel).ConfigureAwait(false);
            KeepAlive(socket);
        }
        catch (SocketException failure)
        {
            socket.Dispose();
            throw new ConnectionLostException($"{endpoint} can't be reached ({failure.Message})", sent: false, failure);
        }
        catch
        {
            socket.Dispose();
            throw;
        }

        RespLink link = new(endpoint, socket, maxInFlight);
        try
        {
            // A process that is stopped has its connections accepted by the system all the same: only an answer shows that somebody is there.
            RespCall hello = new(new RespRequest("HELLO"u8, 32).Add("2"u8).Add("SETNAME"u8).Add("raftdb-net"u8).Finish(), default);
            await link._slots.WaitAsync(cancel).ConfigureAwait(false);
            link.Send(hello);
            RespValue answer = await hello.Task.WaitAsync(cancel).ConfigureAwait(false);
            return answer.Kind == RespKind.Error
                ? throw new ConnectionLostException($"{endpoint} refused the connection: {answer.Error}", sent: false)
                : link;
        }
        catch (Exception failure)
        {
            link.Close("it did not answer the greeting");
            throw failure is UnexpectedAnswerException ? new ConnectionLostException($"{endpoint}: {failure.Message}", sent: false, failure) : failure;
        }
    }

    /// <summary>Waits for room; false when there was none in time.</summary>
    public ValueTask<bool> ReserveAsync(TimeSpan within, CancellationToken cancel) =>
        _slots.Wait(0, CancellationToken.None) ? new(true) : new(_slots.WaitAsync(within, cancel));

    /// <summary>Sends a command for which room was reserved. Its task completes in any case.</summary>
    public void Send(RespCall call)
    {
        Interlocked.Increment(ref _inFlight);
        if (!_outgoing.Writer.TryWrite(call))
        {
            Lose(call);
        }
    }

    /// <summary>Ends the connection: at once, and commands without an answer are lost.</summary>
    public void Close(string why)
    {
        _ending ??= why;
        _outgoing.Writer.TryComplete();
        _socket.Dispose();
    }

    /// <summary>Finds out whether anybody is still there: asks when it was silent for long, and gives up when what was asked is overdue.</summary>
    public void Check(TimeSpan idle, TimeSpan overdue)
    {
        TimeSpan silence = Stopwatch.GetElapsedTime(Volatile.Read(ref _heardAt));
        if (!IsOpen || silence < overdue)
        {
            return;
        }

        // A node answers in order, and what is first may have been allowed more time.
        if (_unanswered.TryPeek(out RespCall? oldest) && Stopwatch.GetElapsedTime(oldest.WrittenAt) > (oldest.Allowed > overdue ? oldest.Allowed : overdue))
        {
            Close($"nothing came for {silence.TotalSeconds:0.0} s");
        }
        else if (silence > idle && InFlight == 0 && _slots.Wait(0, CancellationToken.None))
        {
            RespCall ping = new(new RespRequest("PING"u8, 0).Finish(), default);
            Observe(ping.Task);
            Send(ping);
        }
    }

    /// <summary>Ends it when all that was sent is answered, or after a while.</summary>
    public async ValueTask DisposeAsync()
    {
        long started = Stopwatch.GetTimestamp();
        while (IsOpen && InFlight > 0 && Stopwatch.GetElapsedTime(started) < TimeSpan.FromSeconds(1))
        {
            await Task.Delay(5).ConfigureAwait(false);
        }

        Close("the client was disposed of");
        await _running.ConfigureAwait(false);
    }

    private static void KeepAlive(Socket socket)
    {
        socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, 30);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, 10);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, 3);
    }

    private static void Observe(Task task) =>
        task.ContinueWith(static done => _ = done.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);

    private async Task RunAsync()
    {
        NetworkStream stream = new(_socket, ownsSocket: false);
        Task<string> writing = Task.Run(() => EndAsync(WriteAsync(stream)));
        Task<string> reading = Task.Run(() => EndAsync(ReadAsync(stream)));
        Close(await (await Task.WhenAny(writing, reading).ConfigureAwait(false)).ConfigureAwait(false));
        await Task.WhenAll(writing, reading).ConfigureAwait(false);

        // Nobody writes or reads any more.
        while (_unanswered.TryDequeue(out RespCall? call))
        {
            Lose(call);
        }

        while (_outgoing.Reader.TryRead(out RespCall? call))
        {
            Lose(call);
        }
    }

    /// <summary>The one edge where a connection's failures end: they are told to those who wait for answers.</summary>
    private static async Task<string> EndAsync(Task loop)
    {
        try
        {
            await loop.ConfigureAwait(false);
            return "the node closed the connection";
        }
        catch (Exception failure) when (failure is IOException or SocketException or ObjectDisposedException or UnexpectedAnswerException or OperationCanceledException)
        {
            return failure.Message;
        }
    }

    private async Task WriteAsync(NetworkStream stream)
    {
        PipeWriter output = PipeWriter.Create(stream, new StreamPipeWriterOptions(minimumBufferSize: BufferBytes, leaveOpen: true));
        ChannelReader<RespCall> queue = _outgoing.Reader;
        while (await queue.WaitToReadAsync().ConfigureAwait(false))
        {
            // All that has come meanwhile leaves together.
            long now = Stopwatch.GetTimestamp();
            while (output.UnflushedBytes < FlushBytes && queue.TryRead(out RespCall? call))
            {
                if (!call.TryBeginWriting(now))
                {
                    Done(call);
                    continue;
                }

                _unanswered.Enqueue(call);
                output.Write(call.Request.Bytes);
                call.Request.Dispose();
            }

            await output.FlushAsync().ConfigureAwait(false);
        }
    }

    private async Task ReadAsync(NetworkStream stream)
    {
        PipeReader input = PipeReader.Create(stream, new StreamPipeReaderOptions(bufferSize: BufferBytes, leaveOpen: true));
        while (true)
        {
            ReadResult read = await input.ReadAsync().ConfigureAwait(false);
            Volatile.Write(ref _heardAt, Stopwatch.GetTimestamp());
            SequencePosition consumed = Answer(read.Buffer);
            input.AdvanceTo(consumed, read.Buffer.End);
            if (read.IsCompleted)
            {
                return;
            }
        }
    }

    private SequencePosition Answer(in ReadOnlySequence<byte> buffer)
    {
        SequenceReader<byte> reader = new(buffer);
        SequencePosition consumed = buffer.Start;
        while (!reader.End && RespReader.TryRead(ref reader, out RespValue value))
        {
            consumed = reader.Position;
            if (!_unanswered.TryDequeue(out RespCall? call))
            {
                throw new UnexpectedAnswerException("an answer came to nothing that was asked");
            }

            Done(call);
            call.TrySetResult(value);
        }

        return consumed;
    }

    private void Lose(RespCall call)
    {
        Done(call);
        bool sent = call.WasWritten;
        call.TrySetException(new ConnectionLostException($"The connection to {_endpoint} has ended: {_ending}", sent));
        Observe(call.Task);
    }

    private void Done(RespCall call)
    {
        if (!call.WasWritten)
        {
            call.Request.Dispose();
        }

        Interlocked.Decrement(ref _inFlight);
        _slots.Release();
    }
}
