using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace RaftDb.Server.Hosting;

/// <summary>Kestrel's sockets, which can stop listening before the server stops: a new connection is refused then, which tells a client for sure that nothing was done,
/// while the open ones still get their answers.</summary>
internal sealed class ClientListeners(IOptions<SocketTransportOptions> options, ILoggerFactory loggers) : IConnectionListenerFactory
{
    private readonly SocketTransportFactory _sockets = new(options, loggers);
    private readonly Lock _gate = new();
    private readonly List<IConnectionListener> _listeners = [];

    public async ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default)
    {
        IConnectionListener listener = await _sockets.BindAsync(endpoint, cancellationToken);
        lock (_gate)
        {
            _listeners.Add(listener);
        }

        return listener;
    }

    /// <summary>Refuses new connections from now on.</summary>
    public async Task StopListeningAsync()
    {
        IConnectionListener[] listeners;
        lock (_gate)
        {
            listeners = [.. _listeners];
        }

        foreach (IConnectionListener listener in listeners)
        {
            await listener.UnbindAsync();
        }
    }
}
