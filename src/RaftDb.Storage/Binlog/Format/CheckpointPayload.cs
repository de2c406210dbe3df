using RaftDb.Raft;
using RaftDb.Raft.Log;
using RaftDb.Raft.Membership;

namespace RaftDb.Storage.Binlog.Format;

/// <summary>The payload of <see cref="RecordType.Checkpoint"/>, <see cref="RecordType.Create"/> and <see cref="RecordType.Install"/>: the floor, and the
/// checkpoint with configuration, descriptor and state file.</summary>
internal sealed record CheckpointPayload(LogPosition Floor, RangeCheckpoint Checkpoint)
{
    private const byte Version = 1;

    /// <summary>The id of the next new replica follows the state file: written only when the replicas don't tell it.</summary>
    private const byte VersionWithNextReplica = 2;

    public byte[] Encode()
    {
        var writer = new PayloadWriter();
        bool saysNext = Checkpoint.Descriptor.NextReplicaId.Value != Checkpoint.Descriptor.LowestNextReplicaId;
        writer.U8(saysNext ? VersionWithNextReplica : Version);
        ReplicaStatePayload.WritePosition(writer, Floor);
        ReplicaStatePayload.WritePosition(writer, Checkpoint.Position);
        WriteConfiguration(writer, Checkpoint.Configuration);
        WriteDescriptor(writer, Checkpoint.Descriptor);
        writer.Text(Checkpoint.StateFile);
        if (saysNext)
        {
            writer.U64(Checkpoint.Descriptor.NextReplicaId.Value);
        }

        return writer.ToArray();
    }

    public static CheckpointPayload Decode(ReadOnlySpan<byte> payload)
    {
        var reader = new PayloadReader(payload);
        byte version = reader.U8();
        if (version is not (Version or VersionWithNextReplica))
        {
            throw new StorageRefusedException(
                $"The binlog holds a checkpoint record of version {version}, and this program knows {Version} to {VersionWithNextReplica} only. Start the version that wrote it, or a newer one.");
        }

        LogPosition floor = ReplicaStatePayload.ReadPosition(ref reader);
        LogPosition position = ReplicaStatePayload.ReadPosition(ref reader);
        Configuration configuration = ReadConfiguration(ref reader);
        RangeDescriptor descriptor = ReadDescriptor(ref reader);
        string stateFile = reader.Text();
        if (version == VersionWithNextReplica)
        {
            descriptor = descriptor with { NextReplicaId = new ReplicaId(reader.U64()) };
        }

        return new CheckpointPayload(floor, new RangeCheckpoint(position, configuration, descriptor, stateFile));
    }

    private static void WriteConfiguration(PayloadWriter writer, Configuration configuration)
    {
        WriteReplicas(writer, configuration.Voters);
        WriteReplicas(writer, configuration.OutgoingVoters);
        WriteReplicas(writer, configuration.Learners);
        WriteReplicas(writer, configuration.LearnersNext);
        writer.U8(configuration.AutoLeave ? (byte)1 : (byte)0);
    }

    private static Configuration ReadConfiguration(ref PayloadReader reader) => new()
    {
        Voters = ReadReplicas(ref reader),
        OutgoingVoters = ReadReplicas(ref reader),
        Learners = ReadReplicas(ref reader),
        LearnersNext = ReadReplicas(ref reader),
        AutoLeave = reader.U8() != 0,
    };

    private static void WriteDescriptor(PayloadWriter writer, RangeDescriptor descriptor)
    {
        writer.U64(descriptor.Id.Value);
        writer.U8((byte)descriptor.Kind);
        writer.Bytes(descriptor.Start.Span);
        writer.U8(descriptor.End is null ? (byte)0 : (byte)1);
        writer.Bytes(descriptor.End is { } end ? end.Span : []);
        writer.U64(descriptor.Generation);
        writer.U8((byte)descriptor.FailoverMode);
        writer.U32((uint)descriptor.Replicas.Count);
        foreach (ReplicaDescriptor replica in descriptor.Replicas)
        {
            writer.U64(replica.Replica.Value);
            writer.U64(replica.Node.Value);
        }
    }

    private static RangeDescriptor ReadDescriptor(ref PayloadReader reader)
    {
        var id = new RangeId(reader.U64());
        var kind = (RangeKind)reader.U8();
        byte[] start = reader.Bytes();
        bool bounded = reader.U8() != 0;
        byte[] end = reader.Bytes();
        ulong generation = reader.U64();
        var mode = (FailoverMode)reader.U8();
        var replicas = new ReplicaDescriptor[reader.Count(16)];
        for (int i = 0; i < replicas.Length; i++)
        {
            replicas[i] = new ReplicaDescriptor(new ReplicaId(reader.U64()), new NodeId(reader.U64()));
        }

        return new RangeDescriptor
        {
            Id = id,
            Kind = kind,
            Start = start,
            End = bounded ? new ReadOnlyMemory<byte>(end) : default(ReadOnlyMemory<byte>?),
            Generation = generation,
            FailoverMode = mode,
            Replicas = replicas,
        };
    }

    private static void WriteReplicas(PayloadWriter writer, IReadOnlyList<ReplicaId> replicas)
    {
        writer.U32((uint)replicas.Count);
        foreach (ReplicaId replica in replicas)
        {
            writer.U64(replica.Value);
        }
    }

    private static ReplicaId[] ReadReplicas(ref PayloadReader reader)
    {
        var replicas = new ReplicaId[reader.Count(8)];
        for (int i = 0; i < replicas.Length; i++)
        {
            replicas[i] = new ReplicaId(reader.U64());
        }

        return replicas;
    }
}
