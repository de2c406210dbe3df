using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace RaftDb.Server.Transport;

/// <summary>HOST:PORT, where HOST is a name, an IPv4 address, or an IPv6 address in brackets.</summary>
internal static class PeerAddress
{
    /// <summary>The end point that the text names, or false.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out EndPoint? endPoint)
    {
        endPoint = null;
        var colon = text.LastIndexOf(':');
        if (colon <= 0 || !ushort.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port))
        {
            return false;
        }

        var host = text[..colon];
        if (host.StartsWith('[') && host.EndsWith(']') && IPAddress.TryParse(host, out var v6))
        {
            endPoint = new IPEndPoint(v6, port);
        }
        else if (IPAddress.TryParse(host, out var v4) && v4.AddressFamily == AddressFamily.InterNetwork)
        {
            endPoint = new IPEndPoint(v4, port);
        }
        else if (Uri.CheckHostName(host) == UriHostNameType.Dns)
        {
            endPoint = new DnsEndPoint(host, port);
        }

        return endPoint is not null;
    }

    /// <summary>The end point that the text names, or <see cref="FormatException"/>.</summary>
    public static EndPoint Parse(string text) =>
        TryParse(text, out var endPoint) ? endPoint : throw new FormatException($"'{text}' is not an address of the form HOST:PORT.");

    /// <summary>Connects to an address.</summary>
    public static async ValueTask<Socket> ConnectAsync(string address, TimeSpan timeout, CancellationToken cancel)
    {
        var endPoint = Parse(address);
        Socket socket = endPoint is IPEndPoint ip
            ? new(ip.AddressFamily, SocketType.Stream, ProtocolType.Tcp)
            : new(SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.NoDelay = true;
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
            limit.CancelAfter(timeout);
            await socket.ConnectAsync(endPoint, limit.Token);
            return socket;
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            socket.Dispose();
            throw new TimeoutException($"No connection to {address} within {timeout.TotalMilliseconds:0} ms.");
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
