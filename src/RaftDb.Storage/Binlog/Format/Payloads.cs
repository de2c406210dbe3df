using RaftDb.Raft;
using RaftDb.Raft.Log;

namespace RaftDb.Storage.Binlog.Format;

/// <summary>The payload of a <see cref="RecordType.HardState"/>; the term and the commit index stand in the header. The last entry's position makes the
/// record full: behind damage it proves that nothing of the range is missing.</summary>
internal readonly record struct HardStatePayload(ReplicaId Vote, LogPosition Last)
{
    public const int Size = 24;

    public void Write(Span<byte> at)
    {
        System.Buffers.Binary.BinaryPrimitives.WriteUInt64LittleEndian(at, Vote.Value);
        System.Buffers.Binary.BinaryPrimitives.WriteUInt64LittleEndian(at[8..], Last.Index.Value);
        System.Buffers.Binary.BinaryPrimitives.WriteUInt64LittleEndian(at[16..], Last.Term.Value);
    }

    public static HardStatePayload Read(ReadOnlySpan<byte> payload)
    {
        var reader = new PayloadReader(payload);
        return new HardStatePayload(new ReplicaId(reader.U64()), ReplicaStatePayload.ReadPosition(ref reader));
    }
}

/// <summary>The payload of a <see cref="RecordType.ReplicaState"/>.</summary>
internal sealed record ReplicaStatePayload(HardState HardState, LogPosition Floor, LogPosition Last, IReadOnlyList<TermRun> TermRuns)
{
    public byte[] Encode()
    {
        var writer = new PayloadWriter();
        writer.U64(HardState.Term.Value);
        writer.U64(HardState.Vote.Value);
        writer.U64(HardState.Commit.Value);
        WritePosition(writer, Floor);
        WritePosition(writer, Last);
        writer.U32((uint)TermRuns.Count);
        foreach (TermRun run in TermRuns)
        {
            writer.U64(run.First.Value);
            writer.U64(run.Term.Value);
        }

        return writer.ToArray();
    }

    public static ReplicaStatePayload Decode(ReadOnlySpan<byte> payload)
    {
        var reader = new PayloadReader(payload);
        var hard = new HardState(new Term(reader.U64()), new ReplicaId(reader.U64()), new LogIndex(reader.U64()));
        LogPosition floor = ReadPosition(ref reader);
        LogPosition last = ReadPosition(ref reader);
        var runs = new TermRun[reader.Count(16)];
        for (int i = 0; i < runs.Length; i++)
        {
            runs[i] = new TermRun(new LogIndex(reader.U64()), new Term(reader.U64()));
        }

        return new ReplicaStatePayload(hard, floor, last, runs);
    }

    public static void WritePosition(PayloadWriter writer, LogPosition position)
    {
        writer.U64(position.Index.Value);
        writer.U64(position.Term.Value);
    }

    public static LogPosition ReadPosition(ref PayloadReader reader) => new(new LogIndex(reader.U64()), new Term(reader.U64()));
}

/// <summary>The payload of a <see cref="RecordType.Session"/>: which process wrote from here on, under which durability, on which boot of the machine.</summary>
internal readonly record struct SessionPayload(ulong Session, Durability Durability, Guid Boot)
{
    public const int Size = 28;

    public byte[] Encode()
    {
        var writer = new PayloadWriter();
        writer.U64(Session);
        writer.U32((uint)Durability);
        var bytes = new byte[16];
        Boot.TryWriteBytes(bytes, bigEndian: true, out _);
        writer.U64(System.Buffers.Binary.BinaryPrimitives.ReadUInt64LittleEndian(bytes));
        writer.U64(System.Buffers.Binary.BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(8)));
        return writer.ToArray();
    }

    public static SessionPayload Decode(ReadOnlySpan<byte> payload)
    {
        var reader = new PayloadReader(payload);
        ulong session = reader.U64();
        var durability = (Durability)reader.U32();
        return new SessionPayload(session, durability, new Guid(payload.Slice(12, 16), bigEndian: true));
    }
}
