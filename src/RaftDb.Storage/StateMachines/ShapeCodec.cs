using RaftDb.Raft;
using RaftDb.Raft.Membership;
using RaftDb.Storage.StateMachines.Commands;

namespace RaftDb.Storage.StateMachines;

/// <summary>Descriptor and configuration as bytes in a state file. Never changed in place: another layout is another format. A descriptor is written in the second format
/// only when it has something to say that the first can't, so that an older version reads what it can understand.</summary>
internal static class ShapeCodec
{
    public const byte Format = 1;

    /// <summary>A descriptor that ends with the id of the next new replica, which is higher than the replicas tell.</summary>
    private const byte FormatWithNextReplica = 2;

    public static byte[] Encode(RangeDescriptor descriptor)
    {
        byte[] buffer = new byte[80 + descriptor.Start.Length + (descriptor.End?.Length ?? 0) + (descriptor.Replicas.Count * 20)];
        var writer = new SpanWriter(buffer);
        bool saysNext = descriptor.NextReplicaId.Value != descriptor.LowestNextReplicaId;
        writer.Byte(saysNext ? FormatWithNextReplica : Format);
        writer.Number(descriptor.Id.Value);
        writer.Byte((byte)descriptor.Kind);
        writer.Byte((byte)descriptor.FailoverMode);
        writer.Number(descriptor.Generation);
        writer.Bytes(descriptor.Start.Span);
        writer.Byte(descriptor.End is null ? (byte)0 : (byte)1);
        if (descriptor.End is { } end)
        {
            writer.Bytes(end.Span);
        }

        writer.Number((ulong)descriptor.Replicas.Count);
        foreach (ReplicaDescriptor replica in descriptor.Replicas)
        {
            writer.Number(replica.Replica.Value);
            writer.Number(replica.Node.Value);
        }

        if (saysNext)
        {
            writer.Number(descriptor.NextReplicaId.Value);
        }

        return buffer[..writer.Position];
    }

    public static RangeDescriptor DecodeDescriptor(ReadOnlySpan<byte> bytes)
    {
        var reader = new SpanReader(bytes);
        byte format = reader.Byte();
        if (format != FormatWithNextReplica)
        {
            RequireFormat(format);
        }

        var id = new RangeId(reader.Number());
        var kind = (RangeKind)reader.Byte();
        var failover = (FailoverMode)reader.Byte();
        ulong generation = reader.Number();
        byte[] start = reader[reader.Bytes()].ToArray();
        byte[]? end = reader.Byte() == 0 ? null : reader[reader.Bytes()].ToArray();
        var replicas = new ReplicaDescriptor[reader.Count()];
        for (int i = 0; i < replicas.Length; i++)
        {
            replicas[i] = new(new(reader.Number()), new(reader.Number()));
        }

        ReplicaId next = format == FormatWithNextReplica ? new(reader.Number()) : ReplicaId.None;
        reader.End();
        return new()
        {
            Id = id,
            Kind = kind,
            FailoverMode = failover,
            Generation = generation,
            Start = start,
            // Spelled out: without its type, null would become an empty end by way of byte[].
            End = end is null ? (ReadOnlyMemory<byte>?)null : new ReadOnlyMemory<byte>(end),
            Replicas = replicas,
            NextReplicaId = next,
        };
    }

    public static byte[] Encode(Configuration configuration)
    {
        IReadOnlyList<ReplicaId>[] sets =
            [configuration.Voters, configuration.OutgoingVoters, configuration.Learners, configuration.LearnersNext];
        byte[] buffer = new byte[2 + sets.Sum(s => 10 + (s.Count * 10))];
        var writer = new SpanWriter(buffer);
        writer.Byte(Format);
        writer.Byte(configuration.AutoLeave ? (byte)1 : (byte)0);
        foreach (IReadOnlyList<ReplicaId> set in sets)
        {
            writer.Number((ulong)set.Count);
            foreach (ReplicaId replica in set)
            {
                writer.Number(replica.Value);
            }
        }

        return buffer[..writer.Position];
    }

    public static Configuration DecodeConfiguration(ReadOnlySpan<byte> bytes)
    {
        var reader = new SpanReader(bytes);
        RequireFormat(reader.Byte());
        bool autoLeave = reader.Byte() != 0;
        var configuration = new Configuration
        {
            AutoLeave = autoLeave,
            Voters = Set(ref reader),
            OutgoingVoters = Set(ref reader),
            Learners = Set(ref reader),
            LearnersNext = Set(ref reader),
        };
        reader.End();
        return configuration;
    }

    private static ReplicaId[] Set(ref SpanReader reader)
    {
        var set = new ReplicaId[reader.Count()];
        for (int i = 0; i < set.Length; i++)
        {
            set[i] = new(reader.Number());
        }

        return set;
    }

    private static void RequireFormat(byte format)
    {
        if (format != Format)
        {
            throw new UnknownCommandException($"Descriptor format {format} is not known here (only {Format}): this node needs a newer version.");
        }
    }
}
