using System.Buffers;
using System.Collections.Concurrent;
using System.Diagnostics;
using System.IO.Pipelines;
using System.Net.Sockets;

namespace RaftDb.Client.Resp;

/// <summary>
/// One pipelined connection. Callers queue commands without a lock; whoever finds nobody writing has all that have come written and flushed once, and a loop reads answers and completes the
/// commands in their order. When either fails, the connection is over, and every command that has no answer learns whether it was written.
/// </summary>
internal sealed class RespLink : IAsyncDisposable
{
    private const int BufferBytes = 32 << 10;
    private const int FlushBytes = 128 << 10;

    [ThreadStatic]
    private static HashSet<RespLink>? _gathering;

    private readonly HashSet<RespLink> _gathered = [];
    private readonly bool _continueInline;
    private readonly Endpoint _endpoint;
    private readonly Socket _socket;
    private readonly NetworkStream _stream;
    private readonly PipeWriter _output;
    private readonly ConcurrentQueue<RespCall> _outgoing = new();
    private readonly ConcurrentQueue<RespCall> _unanswered = new();
    private readonly SemaphoreSlim _slots;
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Task _running;
    private int _inFlight;
    private int _writing;
    private long _heardAt = Stopwatch.GetTimestamp();
    private volatile string? _ending;
    private volatile bool _isOver;
    private volatile bool _hasEnded;

    private RespLink(Endpoint endpoint, Socket socket, int maxInFlight, bool continueInline)
    {
        _continueInline = continueInline;
        _endpoint = endpoint;
        _socket = socket;
        _slots = new(maxInFlight);
        _stream = new(socket, ownsSocket: false);
        _output = PipeWriter.Create(_stream, new StreamPipeWriterOptions(minimumBufferSize: BufferBytes, leaveOpen: true));
        _running = RunAsync();
    }

    /// <summary>Commands without an answer.</summary>
    public int InFlight => Volatile.Read(ref _inFlight);

    public bool IsOpen => _ending is null;

    /// <summary>Completes when it has ended, whatever the reason.</summary>
    public Task Ended => _running;

    /// <summary>Connects and greets. Throws <see cref="ConnectionLostException"/>, or <see cref="OperationCanceledException"/> when it takes too long.</summary>
    public static async Task<RespLink> ConnectAsync(Endpoint endpoint, int maxInFlight, bool continueInline, CancellationToken cancel)
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

        RespLink link = new(endpoint, socket, maxInFlight, continueInline);
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
        bool isAlone = Interlocked.Increment(ref _inFlight) == 1;
        _outgoing.Enqueue(call);
        if (_gathering is { } gathering)
        {
            gathering.Add(this);
        }
        else
        {
            Write(here: isAlone);
        }
    }

    /// <summary>Ends the connection: at once, and commands without an answer are lost.</summary>
    public void Close(string why)
    {
        _ending ??= why;
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
        Close(await Task.Run(() => EndAsync(ReadAsync())).ConfigureAwait(false));

        // Who writes finds the socket closed, and then that this was the end.
        _isOver = true;
        if (TryBecomeWriter())
        {
            _ = WriteAsync();
        }

        await _ended.Task.ConfigureAwait(false);
    }

    /// <summary>Nobody reads any more, and the caller, who writes, is the last to do so.</summary>
    private void End()
    {
        while (_unanswered.TryDequeue(out RespCall? call))
        {
            Lose(call);
        }

        _hasEnded = true;
        LoseQueued();
        _ended.TrySetResult();
    }

    private void LoseQueued()
    {
        while (_outgoing.TryDequeue(out RespCall? call))
        {
            Lose(call);
        }
    }

    /// <summary>The one edge where the failures of reading end: they are told to those who wait for answers.</summary>
    private static async Task<string> EndAsync(Task reading)
    {
        try
        {
            await reading.ConfigureAwait(false);
            return "the node closed the connection";
        }
        catch (Exception failure) when (IsLoss(failure))
        {
            return failure.Message;
        }
    }

    private static bool IsLoss(Exception failure) =>
        failure is IOException or SocketException or ObjectDisposedException or UnexpectedAnswerException or OperationCanceledException;

    /// <summary>Has what is queued written: here and now when nothing else could come with it, otherwise on another thread, so that more may come until it gets to that.</summary>
    private void Write(bool here)
    {
        if (!TryBecomeWriter())
        {
            if (_hasEnded)
            {
                LoseQueued();
            }
        }
        else if (here)
        {
            _ = WriteAsync();
        }
        else
        {
            ThreadPool.UnsafeQueueUserWorkItem(static link => _ = link.WriteAsync(), this, preferLocal: false);
        }
    }

    private bool TryBecomeWriter() => Interlocked.CompareExchange(ref _writing, 1, 0) == 0;

    /// <summary>Writes what is queued until there is no more. Never fails: that the connection can't be written ends it.</summary>
    private async Task WriteAsync()
    {
        do
        {
            try
            {
                while (!_outgoing.IsEmpty && !_isOver)
                {
                    WriteQueued();
                    await _output.FlushAsync().ConfigureAwait(false);
                }
            }
            catch (Exception failure)
            {
                // Whatever it is, nobody who waits may wait for ever: they are told.
                Close(failure.Message);
            }

            if (_isOver)
            {
                End();
                return;
            }

            // Let go first, look again then: who comes in between finds it free, or is seen.
            Interlocked.Exchange(ref _writing, 0);
        }
        while ((_isOver || (!_outgoing.IsEmpty && IsOpen)) && TryBecomeWriter());
    }

    /// <summary>All that has come meanwhile leaves together.</summary>
    private void WriteQueued()
    {
        long now = Stopwatch.GetTimestamp();
        while (_output.UnflushedBytes < FlushBytes && _outgoing.TryDequeue(out RespCall? call))
        {
            if (!call.TryBeginWriting(now))
            {
                Done(call);
                continue;
            }

            _unanswered.Enqueue(call);
            _output.Write(call.Request.Bytes);
            call.Request.Dispose();
        }
    }

    private async Task ReadAsync()
    {
        PipeReader input = PipeReader.Create(_stream, new StreamPipeReaderOptions(bufferSize: BufferBytes, leaveOpen: true));
        while (true)
        {
            ReadResult read = await input.ReadAsync().ConfigureAwait(false);
            Volatile.Write(ref _heardAt, Stopwatch.GetTimestamp());
            SequencePosition consumed = _continueInline ? AnswerInline(read.Buffer) : Answer(read.Buffer);
            input.AdvanceTo(consumed, read.Buffer.End);
            if (read.IsCompleted)
            {
                return;
            }
        }
    }

    /// <summary>Whoever is answered goes on at once, on this thread, and what all of them ask next leaves together.</summary>
    private SequencePosition AnswerInline(in ReadOnlySequence<byte> buffer)
    {
        _gathering = _gathered;
        try
        {
            return Answer(buffer);
        }
        finally
        {
            _gathering = null;
            foreach (RespLink link in _gathered)
            {
                link.Write(here: true);
            }

            _gathered.Clear();
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
