namespace RaftDb.Server.Transport.Connections;

/// <summary>Asks a peer, and waits for its answers. Any thread.</summary>
internal sealed class OutgoingRequests(Peer peer, PendingRequests pending, PeerTransportOptions options)
{
    /// <summary>Completes with the answer, or throws <see cref="PeerUnreachableException"/>.</summary>
    public async ValueTask<ReadOnlyMemory<byte>> AskAsync(
        PeerRequestKind kind, ReadOnlyMemory<byte> payload, TimeSpan timeout, CancellationToken cancel)
    {
        if (payload.Length > options.MaxFrameBytes - PeerFrames.RequestOverhead)
        {
            throw new PeerUnreachableException(
                $"A request of {payload.Length} bytes is longer than the longest frame ({options.MaxFrameBytes} bytes).", notSent: true);
        }

        // It waits before it is queued: whichever way the connection is lost meanwhile, it is failed.
        var request = pending.Add();
        try
        {
            OutgoingFrame frame = new()
            {
                Kind = Wire.FrameKind.Request,
                Id = request.Id,
                Request = kind,
                Timeout = timeout,
                Payload = payload,
                Pending = request,
            };
            return peer.TryQueue(frame) is { } whyNot
                ? throw new PeerUnreachableException(whyNot, notSent: true)
                : await request.Answer.WaitAsync(timeout, cancel);
        }
        catch (TimeoutException)
        {
            throw new PeerUnreachableException($"Node {peer.Node} did not answer within {timeout.TotalMilliseconds:0} ms.", request.Withdraw());
        }
        finally
        {
            request.Withdraw();
            pending.Remove(request.Id);
        }
    }
}
