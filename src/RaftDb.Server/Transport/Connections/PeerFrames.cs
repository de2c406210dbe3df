using System.Text;
using RaftDb.Raft;
using RaftDb.Server.Transport.Wire;
using RaftDb.Storage;

namespace RaftDb.Server.Transport.Connections;

/// <summary>A request as it came.</summary>
internal readonly record struct IncomingRequest(ulong Id, PeerRequestKind Kind, TimeSpan Timeout, byte[] Payload);

/// <summary>An answer as it came.</summary>
internal readonly record struct IncomingResponse(ulong Id, bool Answered, byte[] Payload)
{
    /// <summary>Why there is no answer.</summary>
    public string Failure => Encoding.UTF8.GetString(Payload);
}

/// <summary>The bytes of the frames between peers, once their handshake is over. Those that carry something begin with the sender's hybrid clock.</summary>
internal static class PeerFrames
{
    private const int MaxTimeoutMilliseconds = int.MaxValue;

    /// <summary>More than what a request or response holds beside its payload.</summary>
    public const int RequestOverhead = 64;

    /// <summary>Begins a frame of messages, which follow one after the other to its end.</summary>
    public static int BeginMessages(WireWriter writer, HybridTimestamp now)
    {
        var start = writer.BeginFrame(FrameKind.Messages);
        writer.UInt64(now.Value);
        return start;
    }

    /// <summary>Writes a frame other than messages.</summary>
    public static void Encode(WireWriter writer, OutgoingFrame frame, HybridTimestamp now)
    {
        var start = writer.BeginFrame(frame.Kind);
        switch (frame.Kind)
        {
            case FrameKind.Ping:
            case FrameKind.Pong:
                writer.UInt64(frame.Id);
                break;
            case FrameKind.Request:
                writer.UInt64(now.Value);
                writer.Varint(frame.Id);
                writer.Byte((byte)frame.Request);
                writer.Varint((ulong)Math.Clamp(frame.Timeout.TotalMilliseconds, 0, MaxTimeoutMilliseconds));
                writer.Raw(frame.Payload.Span);
                break;
            case FrameKind.Response:
                writer.UInt64(now.Value);
                writer.Varint(frame.Id);
                writer.Byte(frame.Answered ? (byte)1 : (byte)0);
                writer.Raw(frame.Payload.Span);
                break;
            default:
                Check.That(false, $"a frame of kind {frame.Kind} was queued");
                break;
        }

        writer.EndFrame(start);
    }

    public static List<RangeMessage> DecodeMessages(ReadOnlySpan<byte> payload, out HybridTimestamp sent)
    {
        WireReader reader = new(payload);
        sent = new(reader.UInt64());
        List<RangeMessage> messages = [];
        while (reader.Remaining > 0)
        {
            messages.Add(MessageCodec.Decode(ref reader));
        }

        return messages;
    }

    public static IncomingRequest DecodeRequest(ReadOnlySpan<byte> payload, out HybridTimestamp sent)
    {
        WireReader reader = new(payload);
        sent = new(reader.UInt64());
        var id = reader.Varint();
        var kind = (PeerRequestKind)reader.Byte();
        var timeout = reader.Varint();
        WireReader.Require(timeout <= MaxTimeoutMilliseconds, "a request waits for weeks");
        return new(id, kind, TimeSpan.FromMilliseconds(timeout), reader.Raw(reader.Remaining).ToArray());
    }

    public static IncomingResponse DecodeResponse(ReadOnlySpan<byte> payload, out HybridTimestamp sent)
    {
        WireReader reader = new(payload);
        sent = new(reader.UInt64());
        var id = reader.Varint();
        var answered = reader.Flags(1) == 1;
        return new(id, answered, reader.Raw(reader.Remaining).ToArray());
    }

    public static ulong DecodeNumber(ReadOnlySpan<byte> payload)
    {
        WireReader reader = new(payload);
        var number = reader.UInt64();
        reader.End();
        return number;
    }
}
