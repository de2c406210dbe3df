using RaftDb.Server.Transport.Wire;
using RaftDb.Storage;

namespace RaftDb.Server.Transport.Handshakes;

/// <summary>A connection that this node dialled and on which both sides have said hello. The last word of the handshake is not said yet.</summary>
internal sealed record DialledConnection(Stream Stream, FrameReader Reader, Hello Remote) : IDisposable
{
    public void Dispose()
    {
        Stream.Dispose();
        Reader.Dispose();
    }
}

/// <summary>Dials a node and exchanges hellos.</summary>
internal static class PeerDialer
{
    /// <summary>Dials. Fails as the network does, with <see cref="TimeoutException"/>, or with <see cref="HandshakeRefusedException"/> when either side refuses
    /// the other (<paramref name="judge"/> is ours; the other side is told).</summary>
    public static async Task<DialledConnection> DialAsync(
        string address, Hello hello, Func<Hello, Refusal?> judge, PeerTransportOptions options, CancellationToken cancel)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(options.HandshakeTimeout);
        var socket = await PeerAddress.ConnectAsync(address, options.ConnectTimeout, cancel);
        Stream? stream = null;
        FrameReader? reader = null;
        try
        {
            stream = await options.StreamFactory(socket, true, limit.Token);
            reader = new(stream, Handshake.MaxFrameBytes);
            await Handshake.SendHelloAsync(stream, hello, limit.Token);
            var remote = await ReadAnswerAsync(stream, reader, hello.To, limit.Token);
            if (judge(remote) is { } refusal)
            {
                await Handshake.RefuseAsync(stream, refusal, first: false, limit.Token);
                throw new HandshakeRefusedException(refusal, byUs: true);
            }

            reader.MaxFrameBytes = options.MaxFrameBytes;
            return new(stream, reader, remote);
        }
        catch (Exception fault)
        {
            stream?.Dispose();
            reader?.Dispose();
            socket.Dispose();
            if (fault is OperationCanceledException && !cancel.IsCancellationRequested)
            {
                throw new TimeoutException($"{address} took the connection and did not say who it is within {options.HandshakeTimeout.TotalSeconds:0.#} s.", fault);
            }

            throw;
        }
    }

    private static async ValueTask<Hello> ReadAnswerAsync(Stream stream, FrameReader reader, NodeId to, CancellationToken cancel)
    {
        try
        {
            return await Handshake.ReadAnswerAsync(reader, cancel);
        }
        catch (UnsupportedVersionException fault)
        {
            Refusal refusal = new(RefusalKind.UnsupportedVersion, $"Node {to}: {fault.Message}");
            await Handshake.RefuseAsync(stream, refusal, first: false, cancel);
            throw new HandshakeRefusedException(refusal, byUs: true);
        }
    }
}
