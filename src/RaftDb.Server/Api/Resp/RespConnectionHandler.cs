using System.Collections.Concurrent;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.Extensions.Logging;
using RaftDb.Raft;

namespace RaftDb.Server.Api.Resp;

/// <summary>Takes the connections that come for RESP: the one edge where their exceptions end.</summary>
internal sealed class RespConnectionHandler : ConnectionHandler, IDisposable
{
    private readonly RespServices _services;
    private readonly ILogger<RespConnectionHandler> _log;
    private readonly ConcurrentDictionary<long, RespConnection> _connections = new();
    private readonly Timer? _idle;
    private long _lastId;

    public RespConnectionHandler(RespServices services, ILogger<RespConnectionHandler> log)
    {
        _services = services;
        _log = log;
        if (services.Options.IdleTimeout > TimeSpan.Zero)
        {
            TimeSpan often = services.Options.IdleTimeout / 4;
            _idle = new Timer(_ => StopIdle(), null, often, often);
        }
    }

    public override async Task OnConnectedAsync(ConnectionContext connection)
    {
        if (!_services.Metrics.TryOpen(_services.Options.MaxConnections))
        {
            await RefuseAsync(connection).ConfigureAwait(false);
            return;
        }

        try
        {
            KeepAlive(connection);
            long id = Interlocked.Increment(ref _lastId);
            using RespConnection served = new(id, connection, _services);
            _connections[id] = served;
            CancellationToken stop = connection.Features.Get<IConnectionLifetimeNotificationFeature>()?.ConnectionClosedRequested ?? default;
            using CancellationTokenRegistration registration = stop.UnsafeRegister(state => ((RespConnection)state!).Stop(), served);
            try
            {
                await served.RunAsync().ConfigureAwait(false);
            }
            finally
            {
                _connections.TryRemove(id, out _);
            }
        }
        catch (Exception e) when (e is ConnectionResetException or ConnectionAbortedException or OperationCanceledException || connection.ConnectionClosed.IsCancellationRequested)
        {
            // The client is gone: nobody waits for an answer.
            _log.LogDebug(e, "The RESP connection {Connection} has ended.", connection.ConnectionId);
        }
        catch (Exception e)
        {
            _log.LogError(e, "The RESP connection {Connection} failed.", connection.ConnectionId);
            if (e is InvariantBrokenException)
            {
                _services.Fail(e);
            }
        }
        finally
        {
            _services.Metrics.Close();
        }
    }

    public void Dispose() => _idle?.Dispose();

    private void StopIdle()
    {
        foreach (RespConnection connection in _connections.Values)
        {
            if (connection.Silence >= _services.Options.IdleTimeout)
            {
                connection.Stop();
            }
        }
    }

    private async Task RefuseAsync(ConnectionContext connection)
    {
        try
        {
            await connection.Transport.Output.WriteAsync("-ERR max number of clients reached\r\n"u8.ToArray()).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            _log.LogDebug(e, "The refused RESP connection {Connection} has ended.", connection.ConnectionId);
        }
    }

    /// <summary>A peer that is gone without a word is found out within two minutes, however silent the connection is.</summary>
    private static void KeepAlive(ConnectionContext connection)
    {
        if (connection.Features.Get<IConnectionSocketFeature>()?.Socket is { } socket)
        {
            socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, 60);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, 15);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, 4);
        }
    }
}
