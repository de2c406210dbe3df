using System.IO.Pipelines;
using Microsoft.AspNetCore.Connections;
using RaftDb.Server.Api.Resp.Protocol;

namespace RaftDb.Server.Api.Resp;

/// <summary>One connection: reads what has come, runs it, answers it in one go, again and again.</summary>
internal sealed class RespConnection : IDisposable
{
    private readonly PipeReader _input;
    private readonly ReceivedBytes _received;
    private readonly RespWriter _writer;
    private readonly RespSession _session;
    private readonly CommandRunner _runner;

    public RespConnection(long id, ConnectionContext connection, RespServices services)
    {
        _input = connection.Transport.Input;
        _writer = new(connection.Transport.Output);
        _session = new(id, services, _writer, connection.ConnectionClosed);
        _runner = new(_session);
        _received = new(services.Options);
    }

    /// <summary>Serves until the client goes, breaks the protocol or says QUIT, or until <see cref="Stop"/>.</summary>
    public async Task RunAsync()
    {
        while (!_session.IsClosing)
        {
            // 1. Take what has come. A cancelled read is a stop: what was read until now is still answered.
            ReadResult read = await _input.ReadAsync().ConfigureAwait(false);
            _session.IsClosing |= read.IsCanceled;
            bool ended = read.IsCompleted && read.Buffer.IsEmpty;
            _input.AdvanceTo(_received.Take(read.Buffer));

            // 2. Run the commands that are complete.
            _received.Parse();
            for (int i = 0; i < _received.Commands; i++)
            {
                ValueTask taken = _runner.TakeAsync(_received.Command(i));
                if (!taken.IsCompletedSuccessfully)
                {
                    await taken.ConfigureAwait(false);
                }
            }

            await _runner.FinishAsync().ConfigureAwait(false);
            _received.Forget();

            // 3. What can't be understood is answered too, and ends the connection: where the next command begins can't be told.
            if (_received.Problem is { } problem)
            {
                _writer.Error($"ERR Protocol error: {problem}");
                _session.IsClosing = true;
            }

            if (!await _writer.FlushAsync().ConfigureAwait(false) || ended)
            {
                return;
            }
        }
    }

    /// <summary>Ends the connection when what was read is answered. Thread-safe.</summary>
    public void Stop() => _input.CancelPendingRead();

    public void Dispose()
    {
        _runner.Dispose();
        _received.Dispose();
    }
}
