namespace RaftDb.Raft.Membership;

/// <summary>The bytes of a configuration (in snapshots and on disk) and of a change (in log entries). A format byte, then:
/// for a configuration flags (bit 0: automatic leave) and four sets, voters, outgoing voters, learners, learners next; for a
/// change the transition and a list of kind and replica, and in format 2 the context, a count of bytes (at least one) and the bytes. Sets and lists are a count and their items; counts and replicas are
/// variable-length integers of seven bits a byte, lowest first. There is one encoding of each value, and decoding takes no other.</summary>
public static class ConfigurationCodec
{
    private const byte Format = 1;
    private const byte FormatWithContext = 2;
    private const byte AutoLeaveFlag = 1;

    /// <summary>The bytes of a configuration.</summary>
    public static byte[] Encode(Configuration configuration)
    {
        var bytes = new List<byte> { Format, configuration.AutoLeave ? AutoLeaveFlag : (byte)0 };
        WriteSet(bytes, configuration.Voters);
        WriteSet(bytes, configuration.OutgoingVoters);
        WriteSet(bytes, configuration.Learners);
        WriteSet(bytes, configuration.LearnersNext);
        return [.. bytes];
    }

    /// <summary>The configuration in <paramref name="bytes"/>, or <see cref="ConfigurationFormatException"/>.</summary>
    public static Configuration Decode(ReadOnlySpan<byte> bytes)
    {
        var reader = new VarintReader(bytes);
        ReadFormat(ref reader);
        var flags = reader.Byte();
        Require(flags <= AutoLeaveFlag, $"unknown flags {flags}");
        var voters = ReadSet(ref reader);
        var outgoingVoters = ReadSet(ref reader);
        var learners = ReadSet(ref reader);
        var learnersNext = ReadSet(ref reader);
        reader.End();

        var configuration = new Configuration
        {
            Voters = voters,
            OutgoingVoters = outgoingVoters,
            Learners = learners,
            LearnersNext = learnersNext,
            AutoLeave = flags == AutoLeaveFlag,
        };
        var fault = configuration.FindFault();
        Require(fault is null, fault ?? "");
        return configuration;
    }

    /// <summary>The bytes of a change.</summary>
    public static byte[] EncodeChange(ConfigurationChange change)
    {
        var bytes = new List<byte> { change.Context.IsEmpty ? Format : FormatWithContext, (byte)change.Transition };
        WriteVarint(bytes, (ulong)change.Changes.Count);
        foreach (var (kind, replica) in change.Changes)
        {
            bytes.Add((byte)kind);
            WriteVarint(bytes, replica.Value);
        }

        if (!change.Context.IsEmpty)
        {
            WriteVarint(bytes, (ulong)change.Context.Length);
            bytes.AddRange(change.Context.Span);
        }

        return [.. bytes];
    }

    /// <summary>The change in <paramref name="bytes"/>, or <see cref="ConfigurationFormatException"/>.</summary>
    public static ConfigurationChange DecodeChange(ReadOnlySpan<byte> bytes)
    {
        var reader = new VarintReader(bytes);
        var format = reader.Byte();
        Require(format is Format or FormatWithContext, $"unknown format {format}");
        var transition = (ConfigurationTransition)reader.Byte();
        Require(transition <= ConfigurationTransition.JointExplicitLeave, $"unknown transition {(byte)transition}");
        var changes = new ReplicaChange[reader.Count(bytesPerItem: 2)];
        for (var i = 0; i < changes.Length; i++)
        {
            var kind = (ConfigurationChangeKind)reader.Byte();
            Require(
                kind is ConfigurationChangeKind.AddVoter or ConfigurationChangeKind.AddLearner or ConfigurationChangeKind.Remove,
                $"unknown kind of change {(byte)kind}");
            changes[i] = new(kind, new(reader.Varint()));
        }

        ReadOnlyMemory<byte> context = default;
        if (format == FormatWithContext)
        {
            context = reader.Bytes(reader.Count(bytesPerItem: 1));
            Require(!context.IsEmpty, "a context without bytes");
        }

        reader.End();
        return new(changes, transition) { Context = context };
    }

    private static void WriteSet(List<byte> bytes, IReadOnlyList<ReplicaId> set)
    {
        WriteVarint(bytes, (ulong)set.Count);
        foreach (var replica in set)
        {
            WriteVarint(bytes, replica.Value);
        }
    }

    private static void WriteVarint(List<byte> bytes, ulong value)
    {
        for (; value >= 0x80; value >>= 7)
        {
            bytes.Add((byte)(value | 0x80));
        }

        bytes.Add((byte)value);
    }

    private static void ReadFormat(ref VarintReader reader)
    {
        var format = reader.Byte();
        Require(format == Format, $"unknown format {format}");
    }

    private static ReplicaId[] ReadSet(ref VarintReader reader)
    {
        var set = new ReplicaId[reader.Count(bytesPerItem: 1)];
        for (var i = 0; i < set.Length; i++)
        {
            set[i] = new(reader.Varint());
            Require(i == 0 || set[i - 1].Value < set[i].Value, "a set is not in ascending order");
        }

        return set;
    }

    private static void Require(bool holds, string fault)
    {
        if (!holds)
        {
            throw new ConfigurationFormatException($"Not a configuration or change of one: {fault}.");
        }
    }
}
