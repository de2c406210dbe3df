using RaftDb.Server.Transport.Wire;

namespace RaftDb.Server.Transport.Snapshots;

/// <summary>The bytes of the frames on a connection that carries a snapshot.</summary>
internal static class SnapshotFrames
{
    private const int MaxReasonBytes = 4096;

    /// <summary>A chunk never holds more.</summary>
    public const int MaxChunkBytes = 256 << 10;

    public static void EncodeOffer(WireWriter writer, SnapshotAnnouncement announcement)
    {
        var start = writer.BeginFrame(FrameKind.SnapshotOffer);
        SnapshotCodec.EncodeAnnouncement(writer, announcement);
        writer.EndFrame(start);
    }

    public static SnapshotAnnouncement DecodeOffer(Frame frame)
    {
        Expect(frame, FrameKind.SnapshotOffer);
        WireReader reader = new(frame.Payload.Span);
        var announcement = SnapshotCodec.DecodeAnnouncement(ref reader);
        reader.End();
        return announcement;
    }

    public static void EncodeResume(WireWriter writer, long offset)
    {
        var start = writer.BeginFrame(FrameKind.SnapshotResume);
        writer.Varint((ulong)offset);
        writer.EndFrame(start);
    }

    public static long DecodeResume(Frame frame, long length)
    {
        Expect(frame, FrameKind.SnapshotResume);
        WireReader reader = new(frame.Payload.Span);
        var offset = reader.Varint();
        reader.End();
        WireReader.Require(offset <= (ulong)length, "a snapshot is to be resumed behind its end");
        return (long)offset;
    }

    public static void EncodeDeclined(WireWriter writer, string reason)
    {
        var start = writer.BeginFrame(FrameKind.SnapshotDeclined);
        writer.Text(Shortened(reason));
        writer.EndFrame(start);
    }

    public static string DecodeDeclined(Frame frame)
    {
        WireReader reader = new(frame.Payload.Span);
        var reason = reader.Text(MaxReasonBytes);
        reader.End();
        return reason;
    }

    /// <summary>Decodes a chunk's offset; its data is the rest.</summary>
    public static long DecodeChunk(Frame frame, out ReadOnlyMemory<byte> data)
    {
        Expect(frame, FrameKind.SnapshotChunk);
        WireReader reader = new(frame.Payload.Span);
        var offset = reader.Varint();
        data = frame.Payload[^reader.Remaining..];
        WireReader.Require(data.Length is > 0 and <= MaxChunkBytes, "a chunk is empty or too long");
        WireReader.Require(offset <= long.MaxValue, "a chunk is beyond any file");
        return (long)offset;
    }

    public static void EncodeVerdict(WireWriter writer, bool installed, string reason)
    {
        var start = writer.BeginFrame(FrameKind.SnapshotVerdict);
        writer.Byte(installed ? (byte)1 : (byte)0);
        writer.Text(Shortened(reason));
        writer.EndFrame(start);
    }

    public static (bool Installed, string Reason) DecodeVerdict(Frame frame)
    {
        Expect(frame, FrameKind.SnapshotVerdict);
        WireReader reader = new(frame.Payload.Span);
        var installed = reader.Flags(1) == 1;
        var reason = reader.Text(MaxReasonBytes);
        reader.End();
        return (installed, reason);
    }

    private static void Expect(Frame frame, FrameKind kind) =>
        WireReader.Require(frame.Kind == kind, $"a frame of kind {frame.Kind} came instead of {kind}");

    // Three bytes is the most that one character of a text takes.
    private static string Shortened(string reason) =>
        reason.Length <= MaxReasonBytes / 3 ? reason : reason[..(MaxReasonBytes / 3)];
}
