using System.Net.Sockets;
using RaftDb.Server.Transport.Wire;

namespace RaftDb.Server.Transport.Handshakes;

/// <summary>A connection that was accepted and has said its hello; whoever is handed it owns it.</summary>
internal sealed class IncomingConnection(
    Socket socket, Stream stream, FrameReader reader, Hello hello, string remoteAddress, CancellationToken deadline, Action authenticated) : IDisposable
{
    private Action? _authenticated = authenticated;

    public Socket Socket { get; } = socket;

    public Stream Stream { get; } = stream;

    public FrameReader Reader { get; } = reader;

    /// <summary>What the other side said of itself.</summary>
    public Hello Hello { get; } = hello;

    /// <summary>Where it comes from, for diagnostics.</summary>
    public string RemoteAddress { get; } = remoteAddress;

    /// <summary>Cancelled when the handshake takes too long.</summary>
    public CancellationToken Deadline { get; } = deadline;

    /// <summary>The handshake is over: the connection no longer counts as a stranger, and its frames may be long.</summary>
    public void Authenticated(int maxFrameBytes)
    {
        Reader.MaxFrameBytes = maxFrameBytes;
        Interlocked.Exchange(ref _authenticated, null)?.Invoke();
    }

    public void Dispose()
    {
        Stream.Dispose();
        Reader.Dispose();
        Interlocked.Exchange(ref _authenticated, null)?.Invoke();
    }
}
