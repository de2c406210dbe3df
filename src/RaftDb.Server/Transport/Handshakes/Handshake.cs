using RaftDb.Server.Transport.Wire;

namespace RaftDb.Server.Transport.Handshakes;

/// <summary>The first frames of a connection. Both sides begin with four bytes that no other protocol begins with, and a hello; the
/// dialling side ends with a welcome. Either may refuse instead.</summary>
internal static class Handshake
{
    /// <summary>Frames before the welcome are short; a stranger can't make us hold more.</summary>
    public const int MaxFrameBytes = 16 << 10;

    private static ReadOnlySpan<byte> Magic => "RDBP"u8;

    /// <summary>Sends our hello.</summary>
    public static async ValueTask SendHelloAsync(Stream stream, Hello hello, CancellationToken cancel)
    {
        using WireWriter writer = new(512);
        writer.Raw(Magic);
        var start = writer.BeginFrame(FrameKind.Hello);
        HelloCodec.Encode(writer, hello);
        writer.EndFrame(start);
        await stream.WriteAsync(writer.Written, cancel);
    }

    /// <summary>Reads the other side's hello, as the one that was dialled.</summary>
    public static async ValueTask<Hello> ReadHelloAsync(FrameReader reader, CancellationToken cancel)
    {
        var frame = await ReadFirstAsync(reader, cancel);
        return frame.Kind == FrameKind.Hello
            ? HelloCodec.Decode(frame.Payload.Span)
            : throw new ProtocolViolationException($"The first frame was of kind {frame.Kind}, not a hello.");
    }

    /// <summary>Reads the answer to our hello, as the one that dialled: the other's hello, or its refusal as <see cref="HandshakeRefusedException"/>.</summary>
    public static async ValueTask<Hello> ReadAnswerAsync(FrameReader reader, CancellationToken cancel)
    {
        var frame = await ReadFirstAsync(reader, cancel);
        return frame.Kind switch
        {
            FrameKind.Hello => HelloCodec.Decode(frame.Payload.Span),
            FrameKind.Refused => throw new HandshakeRefusedException(Refusal.Decode(frame.Payload.Span), byUs: false),
            _ => throw new ProtocolViolationException($"The answer to a hello was a frame of kind {frame.Kind}."),
        };
    }

    /// <summary>Waits for the dialling side's last word: true = welcome, false = superseded; a refusal is a <see cref="HandshakeRefusedException"/>.</summary>
    public static async ValueTask<bool> ReadWelcomeAsync(FrameReader reader, CancellationToken cancel)
    {
        var frame = await reader.ReadAsync(cancel)
            ?? throw new EndOfStreamException("The connection ended before its handshake did.");
        return frame.Kind switch
        {
            FrameKind.Welcome => true,
            FrameKind.Superseded => false,
            FrameKind.Refused => throw new HandshakeRefusedException(Refusal.Decode(frame.Payload.Span), byUs: false),
            _ => throw new ProtocolViolationException($"The answer to a hello was a frame of kind {frame.Kind}."),
        };
    }

    /// <summary>Sends a frame without payload.</summary>
    public static async ValueTask SendAsync(Stream stream, FrameKind kind, CancellationToken cancel)
    {
        using WireWriter writer = new(64);
        writer.EmptyFrame(kind);
        await stream.WriteAsync(writer.Written, cancel);
    }

    /// <summary>Tells the other side why not. <paramref name="first"/>: nothing was sent to it yet.</summary>
    public static async ValueTask RefuseAsync(Stream stream, Refusal refusal, bool first, CancellationToken cancel)
    {
        using WireWriter writer = new(512);
        if (first)
        {
            writer.Raw(Magic);
        }

        var start = writer.BeginFrame(FrameKind.Refused);
        refusal.Encode(writer);
        writer.EndFrame(start);
        await stream.WriteAsync(writer.Written, cancel);
    }

    private static async ValueTask<Frame> ReadFirstAsync(FrameReader reader, CancellationToken cancel)
    {
        var magic = await reader.ReadRawAsync(Magic.Length, cancel);
        if (!magic.AsSpan().SequenceEqual(Magic))
        {
            throw new ProtocolViolationException("What came does not begin as a RaftDb node does: another program, or a client on the peer port?");
        }

        return await reader.ReadAsync(cancel) ?? throw new EndOfStreamException("The connection ended before its handshake did.");
    }
}
