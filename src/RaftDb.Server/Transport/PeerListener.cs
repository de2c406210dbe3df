using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using RaftDb.Server.Transport.Handshakes;
using RaftDb.Server.Transport.Wire;

namespace RaftDb.Server.Transport;

/// <summary>The node's peer port. It stands from the first moment to the last, through bootstrap and service; who takes a connection is
/// decided by what its hello says it is for. Owned by whoever made it.</summary>
internal sealed class PeerListener : IAsyncDisposable
{
    private const int MinSilence = 1000;
    private const int MostVersionsRemembered = 16;

    private readonly Socket _socket;
    private readonly PeerTransportOptions _options;
    private readonly ILogger _log;
    private readonly ConcurrentDictionary<ConnectionPurpose, Func<IncomingConnection, Task>> _routes = new();
    private readonly ConcurrentDictionary<Socket, byte> _strangers = new();
    private readonly ConcurrentDictionary<string, byte> _versionsRefused = new();
    private readonly CancellationTokenSource _stopping = new();
    private readonly Task _accepting;
    private long _lastComplaint = -MinSilence;

    private PeerListener(Socket socket, PeerTransportOptions options, ILogger log)
    {
        _socket = socket;
        _options = options;
        _log = log;
        EndPoint = (IPEndPoint)socket.LocalEndPoint!;
        _accepting = Task.Run(AcceptAsync);
    }

    /// <summary>Where it listens (the port that was found, where 0 was asked for).</summary>
    public IPEndPoint EndPoint { get; }

    /// <summary>Binds HOST:PORT and listens. Throws <see cref="SocketException"/> when it can't.</summary>
    public static async Task<PeerListener> BindAsync(string address, PeerTransportOptions options, ILogger log, CancellationToken cancel = default)
    {
        var endPoint = PeerAddress.Parse(address) switch
        {
            IPEndPoint ip => ip,
            DnsEndPoint name => new IPEndPoint((await Dns.GetHostAddressesAsync(name.Host, cancel))[0], name.Port),
            var other => throw new FormatException($"Can't listen on {other}."),
        };
        Socket socket = new(endPoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Bind(endPoint);
            socket.Listen(512);
        }
        catch
        {
            socket.Dispose();
            throw;
        }

        return new(socket, options.Validate(), log);
    }

    /// <summary>From now on connections for this purpose go to <paramref name="take"/>, which owns them; with null they are told to come back.</summary>
    public void Route(ConnectionPurpose purpose, Func<IncomingConnection, Task>? take)
    {
        if (take is null)
        {
            _routes.TryRemove(purpose, out _);
        }
        else
        {
            _routes[purpose] = take;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_stopping.IsCancellationRequested)
        {
            return;
        }

        await _stopping.CancelAsync();
        _socket.Dispose();
        foreach (var stranger in _strangers.Keys)
        {
            stranger.Dispose();
        }

        await _accepting;
    }

    private async Task AcceptAsync()
    {
        while (!_stopping.IsCancellationRequested)
        {
            Socket socket;
            try
            {
                socket = await _socket.AcceptAsync(_stopping.Token);
            }
            catch (Exception fault) when (_stopping.IsCancellationRequested && fault is OperationCanceledException or ObjectDisposedException or SocketException)
            {
                return;
            }
            catch (SocketException fault)
            {
                // Out of file descriptors, or a connection that was reset while it waited: neither closes the port.
                _log.LogWarning("The peer port could not accept a connection: {Reason}.", fault.Message);
                await Task.Delay(50, CancellationToken.None);
                continue;
            }

            if (_strangers.Count >= _options.MaxUnauthenticatedConnections)
            {
                Complain(socket, $"{_strangers.Count} others have not said who they are yet");
                socket.Dispose();
                continue;
            }

            _strangers[socket] = 0;
            _ = Task.Run(() => GreetAsync(socket));
        }
    }

    private async Task GreetAsync(Socket socket)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(_stopping.Token);
        limit.CancelAfter(_options.HandshakeTimeout);
        var address = "an unknown address";
        Stream? stream = null;
        FrameReader? reader = null;
        var handedOver = false;
        try
        {
            address = socket.RemoteEndPoint?.ToString() ?? address;
            socket.NoDelay = true;
            stream = await _options.StreamFactory(socket, false, limit.Token);
            reader = new(stream, Handshake.MaxFrameBytes);
            var hello = await ReadHelloAsync(stream, reader, address, limit.Token);
            if (!_routes.TryGetValue(hello.Purpose, out var take))
            {
                Refusal notReady = new(RefusalKind.NotReady, $"Node {hello.To} is starting, stopping, or not bootstrapped yet; it does not talk to other nodes now.");
                await Handshake.RefuseAsync(stream, notReady, first: true, limit.Token);
                return;
            }

            handedOver = true;
            await take(new(socket, stream, reader, hello, address, limit.Token, () => _strangers.TryRemove(socket, out _)));
        }
        catch (NothingSaidException)
        {
            _log.LogDebug("A connection from {Address} to the peer port ended before it began", address);
        }
        catch (Exception fault) when (fault is IOException or SocketException or OperationCanceledException or ObjectDisposedException)
        {
            if (!_stopping.IsCancellationRequested && fault is not HandshakeRefusedException)
            {
                Complain(socket, fault is OperationCanceledException ? "it did not say who it is in time" : fault.Message, address);
            }
        }
        catch (Exception fault)
        {
            FaultEdge.Take(_log, fault, $"Serving a connection from {address} failed.");
        }
        finally
        {
            if (!handedOver)
            {
                stream?.Dispose();
                reader?.Dispose();
                socket.Dispose();
                _strangers.TryRemove(socket, out _);
            }
        }
    }

    private async Task<Hello> ReadHelloAsync(Stream stream, FrameReader reader, string address, CancellationToken cancel)
    {
        try
        {
            return await Handshake.ReadHelloAsync(reader, cancel);
        }
        catch (UnsupportedVersionException fault)
        {
            Refusal refusal = new(RefusalKind.UnsupportedVersion, fault.Message);
            if (_versionsRefused.Count < MostVersionsRemembered && _versionsRefused.TryAdd(fault.Message, 0))
            {
                _log.LogError("A connection from {Address} was refused: {Reason}", address, fault.Message);
            }

            await Handshake.RefuseAsync(stream, refusal, first: true, cancel);
            throw new HandshakeRefusedException(refusal, byUs: true);
        }
    }

    /// <summary>Says why a connection was dropped, at most once a second: a port scanner must not fill the disk.</summary>
    private void Complain(Socket socket, string why, string? address = null)
    {
        var now = Environment.TickCount64;
        var last = Interlocked.Read(ref _lastComplaint);
        if (now - last >= MinSilence && Interlocked.CompareExchange(ref _lastComplaint, now, last) == last)
        {
            _log.LogWarning("A connection from {Address} to the peer port was dropped: {Reason}", address ?? RemoteOf(socket), why);
        }
    }

    private static string RemoteOf(Socket socket)
    {
        try
        {
            return socket.RemoteEndPoint?.ToString() ?? "an unknown address";
        }
        catch (SocketException)
        {
            // The other side is gone already; only its name is lost.
            return "an unknown address";
        }
    }
}
