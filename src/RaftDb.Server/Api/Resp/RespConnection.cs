using System.Diagnostics;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Connections;
using RaftDb.Server.Api.Resp.Protocol;

namespace RaftDb.Server.Api.Resp;

/// <summary>One connection: reads what has come, runs it, answers it in one go, again and again.</summary>
internal sealed class RespConnection : IDisposable
{
    private readonly PipeReader _input;
    private readonly RespServices _services;
    private readonly ReceivedBytes _received;
    private readonly RespWriter _writer;
    private readonly RespSession _session;
    private readonly CommandRunner _runner;
    private long _silentSince = Environment.TickCount64;
    private volatile bool _busy;

    public RespConnection(long id, ConnectionContext connection, RespServices services)
    {
        _input = connection.Transport.Input;
        _services = services;
        _writer = new(connection.Transport.Output);
        _session = new(id, services, _writer, new(), connection.ConnectionClosed) { Address = connection.RemoteEndPoint?.ToString() ?? "" };
        _runner = new(_session);
        _received = new(services.Options);
    }

    /// <summary>How long nothing has come; zero while commands run. Thread-safe.</summary>
    public TimeSpan Silence => _busy ? TimeSpan.Zero : TimeSpan.FromMilliseconds(Environment.TickCount64 - Volatile.Read(ref _silentSince));

    /// <summary>Serves until the client goes, breaks the protocol or says QUIT, or until <see cref="Stop"/>.</summary>
    public async Task RunAsync()
    {
        bool isLast = false;
        while (!isLast)
        {
            // 1. Take what has come. A cancelled read is a stop: what was read until now is still answered.
            ReadResult read = await _input.ReadAsync().ConfigureAwait(false);
            _busy = true;
            isLast = read.IsCanceled || (read.IsCompleted && read.Buffer.IsEmpty);
            _input.AdvanceTo(_received.Take(read.Buffer));

            // 2. Run the commands that are complete.
            long started = Stopwatch.GetTimestamp();
            _received.Parse();
            await _runner.RunAsync(_received).ConfigureAwait(false);
            if (_received.Commands > 0)
            {
                _services.Metrics.Ran(Stopwatch.GetElapsedTime(started));
            }

            _received.Forget();
            isLast |= _session.IsClosing;

            // 3. What can't be understood is answered too, and ends the connection: where the next command begins can't be told.
            if (_received.Problem is { } problem && !_session.IsClosing)
            {
                _writer.Error($"ERR Protocol error: {problem}");
                isLast = true;
            }

            isLast |= !await _writer.FlushAsync().ConfigureAwait(false);
            Volatile.Write(ref _silentSince, Environment.TickCount64);
            _busy = false;
        }
    }

    /// <summary>Ends the connection when what was read is answered. Thread-safe.</summary>
    public void Stop() => _input.CancelPendingRead();

    public void Dispose()
    {
        _session.Dispose();
        _received.Dispose();
    }
}
