using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.Extensions.Logging;
using RaftDb.Raft;

namespace RaftDb.Server.Api.Resp;

/// <summary>Takes the connections that come for RESP: the one edge where their exceptions end.</summary>
internal sealed class RespConnectionHandler(RespServices services, ILogger<RespConnectionHandler> log) : ConnectionHandler
{
    private long _lastId;
    private int _open;

    public override async Task OnConnectedAsync(ConnectionContext connection)
    {
        try
        {
            if (Interlocked.Increment(ref _open) > services.Options.MaxConnections)
            {
                await connection.Transport.Output.WriteAsync("-ERR max number of clients reached\r\n"u8.ToArray()).ConfigureAwait(false);
                return;
            }

            using RespConnection served = new(Interlocked.Increment(ref _lastId), connection, services);
            CancellationToken stop = connection.Features.Get<IConnectionLifetimeNotificationFeature>()?.ConnectionClosedRequested ?? default;
            using CancellationTokenRegistration registration = stop.UnsafeRegister(state => ((RespConnection)state!).Stop(), served);
            await served.RunAsync().ConfigureAwait(false);
        }
        catch (Exception e) when (e is ConnectionResetException or ConnectionAbortedException or OperationCanceledException || connection.ConnectionClosed.IsCancellationRequested)
        {
            // The client is gone: nobody waits for an answer.
            log.LogDebug(e, "The RESP connection {Connection} has ended.", connection.ConnectionId);
        }
        catch (Exception e)
        {
            log.LogError(e, "The RESP connection {Connection} failed.", connection.ConnectionId);
            if (e is InvariantBrokenException)
            {
                services.Fail(e);
            }
        }
        finally
        {
            Interlocked.Decrement(ref _open);
        }
    }
}
