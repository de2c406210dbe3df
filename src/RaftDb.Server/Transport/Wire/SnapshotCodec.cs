using RaftDb.Raft;
using RaftDb.Raft.Log;
using RaftDb.Raft.Membership;
using RaftDb.Raft.Messages;
using RaftDb.Storage;

namespace RaftDb.Server.Transport.Wire;

/// <summary>The bytes of what goes ahead of a snapshot: the Raft message, and the header with the range's descriptor.</summary>
internal static class SnapshotCodec
{
    private const int Sha256Bytes = 32;

    public static void EncodeMetadata(WireWriter writer, SnapshotMetadata metadata)
    {
        MessageCodec.Position(writer, metadata.Position);
        writer.Bytes(ConfigurationCodec.Encode(metadata.Configuration));
    }

    public static SnapshotMetadata DecodeMetadata(ref WireReader reader)
    {
        var position = MessageCodec.Position(ref reader);
        try
        {
            return new(position, ConfigurationCodec.Decode(reader.Bytes()));
        }
        catch (ConfigurationFormatException fault)
        {
            throw new ProtocolViolationException($"Malformed frame: {fault.Message}", fault);
        }
    }

    public static void EncodeAnnouncement(WireWriter writer, SnapshotAnnouncement announcement)
    {
        MessageCodec.Encode(writer, new(announcement.Range, announcement.Message));
        EncodeMetadata(writer, announcement.Header.Metadata);
        EncodeDescriptor(writer, announcement.Header.Descriptor);
        writer.Varint((ulong)announcement.Header.Length);
        var hash = Convert.FromHexString(announcement.Header.Sha256);
        Check.That(hash.Length == Sha256Bytes, $"a SHA-256 of {hash.Length} bytes");
        writer.Raw(hash);
    }

    public static SnapshotAnnouncement DecodeAnnouncement(ref WireReader reader)
    {
        var (range, message) = MessageCodec.Decode(ref reader);
        var install = message as InstallSnapshot
            ?? throw new ProtocolViolationException($"Malformed frame: a snapshot is announced by a {message.GetType().Name}.");
        var metadata = DecodeMetadata(ref reader);
        var descriptor = DecodeDescriptor(ref reader);
        var length = reader.Varint();
        WireReader.Require(length <= long.MaxValue, "a snapshot is longer than 63 bits tell");
        var hash = Convert.ToHexStringLower(reader.Raw(Sha256Bytes));
        return new(range, install, new(metadata, descriptor, (long)length, hash));
    }

    private static void EncodeDescriptor(WireWriter writer, RangeDescriptor descriptor)
    {
        writer.Varint(descriptor.Id.Value);
        writer.Byte((byte)descriptor.Kind);
        writer.Byte((byte)descriptor.FailoverMode);
        writer.Varint(descriptor.Generation);
        writer.Bytes(descriptor.Start.Span);
        writer.Byte(descriptor.End is null ? (byte)0 : (byte)1);
        if (descriptor.End is { } end)
        {
            writer.Bytes(end.Span);
        }

        writer.Varint((ulong)descriptor.Replicas.Count);
        foreach (var (replica, node) in descriptor.Replicas)
        {
            writer.Varint(replica.Value);
            writer.Varint(node.Value);
        }
    }

    private static RangeDescriptor DecodeDescriptor(ref WireReader reader)
    {
        RangeId id = new(reader.Varint());
        var kind = (RangeKind)reader.Byte();
        WireReader.Require(kind <= RangeKind.KeyValue, "a range is of unknown kind");
        var mode = (FailoverMode)reader.Byte();
        WireReader.Require(mode <= FailoverMode.Lease, "a range has an unknown failover mode");
        var generation = reader.Varint();
        var start = reader.Bytes().ToArray();
        var bounded = reader.Flags(1) == 1;
        byte[]? end = bounded ? reader.Bytes().ToArray() : null;
        var replicas = new ReplicaDescriptor[reader.Count(bytesPerItem: 2)];
        for (var i = 0; i < replicas.Length; i++)
        {
            ReplicaId replica = new(reader.Varint());
            replicas[i] = new(replica, new(reader.Varint()));
        }

        return new()
        {
            Id = id,
            Kind = kind,
            FailoverMode = mode,
            Generation = generation,
            Start = start,
            End = end is null ? (ReadOnlyMemory<byte>?)null : end.AsMemory(),
            Replicas = replicas,
        };
    }
}
