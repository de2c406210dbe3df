using System.Buffers.Text;
using System.Net;
using System.Net.Sockets;
using RaftDb.Client;

namespace RaftDb.Cli.Bench;

/// <summary>
/// One HTTP/1.1 connection that keeps alive and sends one request at a time. It reads no more of an answer than the load
/// generator needs (status, body), because a general HTTP client would cost more processor than the node under test.
/// Used by one client at a time.
/// </summary>
internal sealed class LeanConnection : IDisposable
{
    private readonly Socket _socket;
    private byte[] _buffer = new byte[16 * 1024];
    private int _filled;

    private LeanConnection(Socket socket) => _socket = socket;

    public static async Task<LeanConnection> ConnectAsync(Endpoint endpoint, CancellationToken cancel)
    {
        Socket socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            if (IPAddress.TryParse(endpoint.Host, out IPAddress? address))
            {
                await socket.ConnectAsync(new IPEndPoint(address, endpoint.Port), cancel);
            }
            else
            {
                await socket.ConnectAsync(endpoint.Host, endpoint.Port, cancel);
            }

            return new(socket);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Sends a request and reads the answer whole. Its body is valid until the next call.</summary>
    public async ValueTask<LeanAnswer> SendAsync(ReadOnlyMemory<byte> request, CancellationToken cancel)
    {
        while (!request.IsEmpty)
        {
            request = request[await _socket.SendAsync(request, SocketFlags.None, cancel)..];
        }

        _filled = 0;
        int headEnd;
        while ((headEnd = _buffer.AsSpan(0, _filled).IndexOf("\r\n\r\n"u8)) < 0)
        {
            await FillAsync(cancel);
        }

        headEnd += 4;
        LeanHead head = LeanHead.Parse(_buffer.AsSpan(0, headEnd));
        if (head.ContentLength >= 0)
        {
            while (_filled < headEnd + head.ContentLength)
            {
                await FillAsync(cancel);
            }

            return new(head.Status, _buffer.AsMemory(headEnd, head.ContentLength), head.Closes);
        }

        return new(head.Status, head.Chunked ? await ReadChunksAsync(headEnd, cancel) : default, head.Closes);
    }

    public void Dispose() => _socket.Dispose();

    private async ValueTask<ReadOnlyMemory<byte>> ReadChunksAsync(int position, CancellationToken cancel)
    {
        // Chunks are moved together in place, behind the head: the body never needs more room than it came in.
        int bodyStart = position;
        int bodyEnd = position;
        while (true)
        {
            int lineEnd;
            while ((lineEnd = _buffer.AsSpan(position, _filled - position).IndexOf("\r\n"u8)) < 0)
            {
                await FillAsync(cancel);
            }

            if (!Utf8Parser.TryParse(_buffer.AsSpan(position, lineEnd), out int size, out _, 'x') || size < 0)
            {
                throw new IOException("The node's answer has a broken chunk.");
            }

            position += lineEnd + 2;
            while (_filled < position + size + 2)
            {
                await FillAsync(cancel);
            }

            _buffer.AsSpan(position, size).CopyTo(_buffer.AsSpan(bodyEnd));
            bodyEnd += size;
            position += size + 2;
            if (size == 0)
            {
                return _buffer.AsMemory(bodyStart, bodyEnd - bodyStart);
            }
        }
    }

    private async ValueTask FillAsync(CancellationToken cancel)
    {
        if (_filled == _buffer.Length)
        {
            Array.Resize(ref _buffer, _buffer.Length * 2);
        }

        int read = await _socket.ReceiveAsync(_buffer.AsMemory(_filled), SocketFlags.None, cancel);
        if (read == 0)
        {
            throw new IOException("The node closed the connection.");
        }

        _filled += read;
    }
}

/// <summary>An answer: status and body.</summary>
internal readonly record struct LeanAnswer(int Status, ReadOnlyMemory<byte> Body, bool Closes);
