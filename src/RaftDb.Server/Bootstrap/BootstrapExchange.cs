using RaftDb.Server.Transport;
using RaftDb.Server.Transport.Handshakes;
using RaftDb.Server.Transport.Wire;

namespace RaftDb.Server.Bootstrap;

/// <summary>The frames of a bootstrap connection after the hellos: a welcome with the dialling node's status, and the other's status.</summary>
internal static class BootstrapExchange
{
    /// <summary>Tells our status to the node that we dialled, and returns its.</summary>
    public static async Task<BootstrapStatus> AskAsync(
        DialledConnection connection, BootstrapStatus ours, PeerTransportOptions options, CancellationToken cancel)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(options.HandshakeTimeout);
        connection.Reader.MaxFrameBytes = BootstrapStatus.MaxFrameBytes;
        using WireWriter writer = new();
        writer.EmptyFrame(FrameKind.Welcome);
        ours.Encode(writer);
        try
        {
            await connection.Stream.WriteAsync(writer.Written, limit.Token);
            var frame = await connection.Reader.ReadAsync(limit.Token)
                ?? throw new EndOfStreamException("The connection ended within the bootstrap.");
            return BootstrapStatus.Decode(frame);
        }
        catch (OperationCanceledException fault) when (!cancel.IsCancellationRequested)
        {
            throw new TimeoutException("The node did not tell how far its bootstrap is in time.", fault);
        }
    }

    /// <summary>Reads the dialling node's status and tells ours.</summary>
    public static async Task<BootstrapStatus?> AnswerAsync(IncomingConnection connection, BootstrapStatus ours)
    {
        connection.Reader.MaxFrameBytes = BootstrapStatus.MaxFrameBytes;
        if (!await Handshake.ReadWelcomeAsync(connection.Reader, connection.Deadline))
        {
            return null;
        }

        var frame = await connection.Reader.ReadAsync(connection.Deadline)
            ?? throw new EndOfStreamException("The connection ended within the bootstrap.");
        var theirs = BootstrapStatus.Decode(frame);
        using WireWriter writer = new();
        ours.Encode(writer);
        await connection.Stream.WriteAsync(writer.Written, connection.Deadline);
        return theirs;
    }
}
