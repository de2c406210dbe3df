using RaftDb.Server.Transport.Wire;
using RaftDb.Storage;

namespace RaftDb.Server.Transport.Handshakes;

/// <summary>The bytes of a <see cref="Hello"/>. The versions come first and never move, so that nodes of any versions can refuse each other in
/// words.</summary>
internal static class HelloCodec
{
    private const int HashBytes = 32;
    private const int MaxTextBytes = 512;

    public static void Encode(WireWriter writer, Hello hello)
    {
        writer.UInt16(hello.MinVersion);
        writer.UInt16(hello.MaxVersion);
        writer.Byte((byte)hello.Purpose);
        writer.Guid(hello.Cluster);
        writer.UInt64(hello.Node.Value);
        writer.UInt64(hello.To.Value);
        writer.Guid(hello.Store);
        writer.UInt64(hello.Incarnation);
        writer.Raw(hello.AgreementHash.Span);
        writer.Text(hello.Http);
        writer.Text(hello.Resp);
        writer.Text(hello.Zone);
        writer.Text(hello.Sqlite);
    }

    /// <summary>The hello, or <see cref="UnsupportedVersionException"/> when no version is spoken by both.</summary>
    public static Hello Decode(ReadOnlySpan<byte> payload)
    {
        WireReader reader = new(payload);
        var minVersion = reader.UInt16();
        var maxVersion = reader.UInt16();
        if (minVersion > ProtocolVersions.Max || maxVersion < ProtocolVersions.Min)
        {
            throw new UnsupportedVersionException(minVersion, maxVersion);
        }

        var purpose = (ConnectionPurpose)reader.Byte();
        WireReader.Require(
            purpose is ConnectionPurpose.Peer or ConnectionPurpose.Bootstrap or ConnectionPurpose.Snapshot,
            "a connection is for an unknown purpose");
        var hello = new Hello
        {
            MinVersion = minVersion,
            MaxVersion = maxVersion,
            Purpose = purpose,
            Cluster = reader.Guid(),
            Node = new NodeId(reader.UInt64()),
            To = new NodeId(reader.UInt64()),
            Store = reader.Guid(),
            Incarnation = reader.UInt64(),
            AgreementHash = reader.Raw(HashBytes).ToArray(),
            Http = reader.Text(MaxTextBytes),
            Resp = reader.Text(MaxTextBytes),
            Zone = reader.Text(MaxTextBytes),
            Sqlite = reader.Text(MaxTextBytes),
        };
        reader.End();
        return hello;
    }
}
