using RaftDb.Raft;
using RaftDb.Raft.Log;
using RaftDb.Server.Replicas;
using RaftDb.Storage;
using RaftDb.Storage.StateMachines.Commands;
using RaftDb.Storage.StateMachines.Reads;

namespace RaftDb.Server.Ranges;

/// <summary>The bytes of requests that one node forwards to another, and of their answers. Both sides are nodes of one cluster, and the frames are checksummed: damage
/// can't come this far, so decoding trusts lengths to be sane and lets <see cref="EndOfStreamException"/> tell of a peer that broke the protocol.</summary>
internal static class PeerRequestCodec
{
    public static ReadOnlyMemory<byte> EncodeWrite(RangeId range, AckMode ack, ReadOnlyMemory<byte> command) => Build(command.Length + 16, writer =>
    {
        writer.Write(range.Value);
        writer.Write((byte)ack);
        writer.Write(command.Span);
    });

    public static (RangeId Range, AckMode Ack, ReadOnlyMemory<byte> Command) DecodeWrite(ReadOnlyMemory<byte> bytes)
    {
        using BinaryReader reader = Open(bytes);
        return (new RangeId(reader.ReadUInt64()), (AckMode)reader.ReadByte(), bytes[9..]);
    }

    public static ReadOnlyMemory<byte> EncodeGet(RangeId range, ReadOnlyMemory<byte> key, ReadOptions options) => Build(64 + key.Length, writer =>
    {
        writer.Write(range.Value);
        WriteOptions(writer, options);
        WriteBytes(writer, key);
    });

    public static (RangeId Range, ReadOptions Options, ReadOnlyMemory<byte> Key) DecodeGet(ReadOnlyMemory<byte> bytes)
    {
        using BinaryReader reader = Open(bytes);
        return (new RangeId(reader.ReadUInt64()), ReadOptionsOf(reader), ReadBytes(reader));
    }

    public static ReadOnlyMemory<byte> EncodeGetMany(RangeId range, IReadOnlyList<ReadOnlyMemory<byte>> keys, ReadOptions options) => Build(256, writer =>
    {
        writer.Write(range.Value);
        WriteOptions(writer, options);
        writer.Write(keys.Count);
        for (int i = 0; i < keys.Count; i++)
        {
            WriteBytes(writer, keys[i]);
        }
    });

    public static (RangeId Range, ReadOptions Options, IReadOnlyList<ReadOnlyMemory<byte>> Keys) DecodeGetMany(ReadOnlyMemory<byte> bytes)
    {
        using BinaryReader reader = Open(bytes);
        RangeId range = new(reader.ReadUInt64());
        ReadOptions options = ReadOptionsOf(reader);
        List<ReadOnlyMemory<byte>> keys = [];
        for (int count = reader.ReadInt32(); count > 0; count--)
        {
            keys.Add(ReadBytes(reader));
        }

        return (range, options, keys);
    }

    public static ReadOnlyMemory<byte> EncodeScan(RangeId range, in ScanQuery query, ReadOptions options)
    {
        ScanQuery copy = query;
        return Build(128, writer =>
        {
            writer.Write(range.Value);
            WriteOptions(writer, options);
            WriteBytes(writer, copy.Start);
            WriteOptional(writer, copy.End);
            writer.Write(copy.Limit);
            writer.Write(copy.MaxBytes);
            writer.Write(copy.Reverse);
            writer.Write(copy.KeysOnly);
        });
    }

    public static (RangeId Range, ReadOptions Options, ScanQuery Query) DecodeScan(ReadOnlyMemory<byte> bytes)
    {
        using BinaryReader reader = Open(bytes);
        return (
            new RangeId(reader.ReadUInt64()),
            ReadOptionsOf(reader),
            new ScanQuery(
                ReadBytes(reader), ReadOptional(reader), reader.ReadInt32(), reader.ReadInt64(), reader.ReadBoolean(), reader.ReadBoolean()));
    }

    public static ReadOnlyMemory<byte> EncodeTransfer(RangeId range, NodeId to) => Build(16, writer =>
    {
        writer.Write(range.Value);
        writer.Write(to.Value);
    });

    public static (RangeId Range, NodeId To) DecodeTransfer(ReadOnlyMemory<byte> bytes)
    {
        using BinaryReader reader = Open(bytes);
        return (new RangeId(reader.ReadUInt64()), new NodeId(reader.ReadUInt64()));
    }

    public static ReadOnlyMemory<byte> EncodeAnswer(Outcome<WriteAnswer> outcome) => Build(128, writer =>
    {
        if (WriteError(writer, outcome.Error))
        {
            return;
        }

        WriteAnswer answer = outcome.Value!;
        writer.Write(answer.Node.Value);
        writer.Write(answer.Range.Value);
        writer.Write(answer.Position.Index.Value);
        writer.Write(answer.Position.Term.Value);
        writer.Write(answer.Committed);
        WriteOptional(writer, answer.Result is null ? (ReadOnlyMemory<byte>?)null : CommandResultCodec.Encode(answer.Result));
        WriteNodes(writer, answer.Acked);
        WriteNodes(writer, answer.Absent);
    });

    public static Outcome<WriteAnswer> DecodeWriteAnswer(ReadOnlyMemory<byte> bytes)
    {
        using BinaryReader reader = Open(bytes);
        if (ReadError(reader) is { } error)
        {
            return error;
        }

        return new WriteAnswer(
            new NodeId(reader.ReadUInt64()),
            new RangeId(reader.ReadUInt64()),
            new LogPosition(new LogIndex(reader.ReadUInt64()), new Term(reader.ReadUInt64())),
            reader.ReadBoolean(),
            ReadOptional(reader) is { } result ? CommandResultCodec.Decode(result) : null,
            ReadNodes(reader),
            ReadNodes(reader));
    }

    public static ReadOnlyMemory<byte> EncodeAnswer(Outcome<GetAnswer> outcome) => Build(128, writer =>
    {
        if (WriteError(writer, outcome.Error))
        {
            return;
        }

        GetAnswer answer = outcome.Value!;
        WriteHead(writer, answer.Node, answer.Range, answer.Index, answer.Staleness);
        writer.Write(answer.Row is not null);
        if (answer.Row is { } row)
        {
            WriteRow(writer, row);
        }
    });

    public static Outcome<GetAnswer> DecodeGetAnswer(ReadOnlyMemory<byte> bytes)
    {
        using BinaryReader reader = Open(bytes);
        if (ReadError(reader) is { } error)
        {
            return error;
        }

        (NodeId node, RangeId range, LogIndex index, TimeSpan? staleness) = ReadHead(reader);
        return new GetAnswer(node, range, index, staleness, reader.ReadBoolean() ? ReadRow(reader) : null);
    }

    public static ReadOnlyMemory<byte> EncodeAnswer(Outcome<GetManyAnswer> outcome) => Build(4096, writer =>
    {
        if (WriteError(writer, outcome.Error))
        {
            return;
        }

        GetManyAnswer answer = outcome.Value!;
        WriteHead(writer, answer.Node, answer.Range, answer.Index, answer.Staleness);
        writer.Write(answer.Rows.Count);
        foreach (Row? each in answer.Rows)
        {
            writer.Write(each is not null);
            if (each is { } row)
            {
                WriteRow(writer, row);
            }
        }
    });

    public static Outcome<GetManyAnswer> DecodeGetManyAnswer(ReadOnlyMemory<byte> bytes)
    {
        using BinaryReader reader = Open(bytes);
        if (ReadError(reader) is { } error)
        {
            return error;
        }

        (NodeId node, RangeId range, LogIndex index, TimeSpan? staleness) = ReadHead(reader);
        List<Row?> rows = [];
        for (int count = reader.ReadInt32(); count > 0; count--)
        {
            rows.Add(reader.ReadBoolean() ? ReadRow(reader) : null);
        }

        return new GetManyAnswer(node, range, index, staleness, rows);
    }

    public static ReadOnlyMemory<byte> EncodeAnswer(Outcome<ScanAnswer> outcome) => Build(4096, writer =>
    {
        if (WriteError(writer, outcome.Error))
        {
            return;
        }

        ScanAnswer answer = outcome.Value!;
        WriteHead(writer, answer.Node, answer.Range, answer.Index, answer.Staleness);
        WriteOptional(writer, answer.Next);
        writer.Write(answer.Rows.Count);
        foreach (Row row in answer.Rows)
        {
            WriteRow(writer, row);
        }
    });

    public static Outcome<ScanAnswer> DecodeScanAnswer(ReadOnlyMemory<byte> bytes)
    {
        using BinaryReader reader = Open(bytes);
        if (ReadError(reader) is { } error)
        {
            return error;
        }

        (NodeId node, RangeId range, LogIndex index, TimeSpan? staleness) = ReadHead(reader);
        ReadOnlyMemory<byte>? next = ReadOptional(reader);
        List<Row> rows = [];
        for (int count = reader.ReadInt32(); count > 0; count--)
        {
            rows.Add(ReadRow(reader));
        }

        return new ScanAnswer(node, range, index, staleness, rows, next);
    }

    public static ReadOnlyMemory<byte> EncodeError(RequestError? error) => Build(64, writer => WriteError(writer, error));

    public static RequestError? DecodeError(ReadOnlyMemory<byte> bytes)
    {
        using BinaryReader reader = Open(bytes);
        return ReadError(reader);
    }

    private static ReadOnlyMemory<byte> Build(int capacity, Action<BinaryWriter> write)
    {
        MemoryStream stream = new(capacity);
        using BinaryWriter writer = new(stream);
        write(writer);
        writer.Flush();
        return stream.GetBuffer().AsMemory(0, (int)stream.Length);
    }

    private static BinaryReader Open(ReadOnlyMemory<byte> bytes)
    {
        if (System.Runtime.InteropServices.MemoryMarshal.TryGetArray(bytes, out ArraySegment<byte> segment))
        {
            return new BinaryReader(new MemoryStream(segment.Array!, segment.Offset, segment.Count, false));
        }

        return new BinaryReader(new MemoryStream(bytes.ToArray(), false));
    }

    private static void WriteOptions(BinaryWriter writer, ReadOptions options)
    {
        writer.Write((byte)options.Consistency);
        writer.Write(options.MaxStaleness.Ticks);
        writer.Write(options.Token.ToString());
    }

    private static ReadOptions ReadOptionsOf(BinaryReader reader)
    {
        Consistency consistency = (Consistency)reader.ReadByte();
        TimeSpan staleness = new(reader.ReadInt64());
        return SessionToken.TryParse(reader.ReadString(), out SessionToken? token)
            ? new ReadOptions(consistency, staleness, default, token)
            : throw new InvalidDataException("A forwarded read carries a malformed session token.");
    }

    private static void WriteHead(BinaryWriter writer, NodeId node, RangeId range, LogIndex index, TimeSpan? staleness)
    {
        writer.Write(node.Value);
        writer.Write(range.Value);
        writer.Write(index.Value);
        writer.Write(staleness?.Ticks ?? -1);
    }

    private static (NodeId Node, RangeId Range, LogIndex Index, TimeSpan? Staleness) ReadHead(BinaryReader reader)
    {
        NodeId node = new(reader.ReadUInt64());
        RangeId range = new(reader.ReadUInt64());
        LogIndex index = new(reader.ReadUInt64());
        long ticks = reader.ReadInt64();
        return (node, range, index, ticks < 0 ? null : new TimeSpan(ticks));
    }

    private static void WriteRow(BinaryWriter writer, in Row row)
    {
        WriteBytes(writer, row.Key);
        WriteBytes(writer, row.Value);
        writer.Write(row.Version);
        writer.Write(row.Index);
        writer.Write(row.ExpiresAt);
    }

    private static Row ReadRow(BinaryReader reader) =>
        new(ReadBytes(reader), ReadBytes(reader), reader.ReadUInt64(), reader.ReadUInt64(), reader.ReadInt64());

    private static bool WriteError(BinaryWriter writer, RequestError? error)
    {
        writer.Write(error is not null);
        if (error is null)
        {
            return false;
        }

        writer.Write((byte)error.Code);
        writer.Write(error.Detail);
        writer.Write(error.Leader?.Value ?? 0);
        writer.Write(error.Version is not null);
        writer.Write(error.Version ?? 0);
        writer.Write(error.Index ?? 0);
        writer.Write(error.Staleness?.Ticks ?? -1);
        writer.Write(error.RetryAfter?.Ticks ?? -1);
        return true;
    }

    private static RequestError? ReadError(BinaryReader reader)
    {
        if (!reader.ReadBoolean())
        {
            return null;
        }

        ErrorCode code = (ErrorCode)reader.ReadByte();
        string detail = reader.ReadString();
        ulong leader = reader.ReadUInt64();
        bool hasVersion = reader.ReadBoolean();
        ulong version = reader.ReadUInt64();
        ulong index = reader.ReadUInt64();
        long staleness = reader.ReadInt64();
        long retryAfter = reader.ReadInt64();
        return new RequestError(
            code,
            detail,
            leader == 0 ? null : new NodeId(leader),
            hasVersion ? version : null,
            hasVersion ? index : null,
            staleness < 0 ? null : new TimeSpan(staleness),
            retryAfter < 0 ? null : new TimeSpan(retryAfter));
    }

    private static void WriteNodes(BinaryWriter writer, IReadOnlyList<NodeId>? nodes)
    {
        writer.Write(nodes?.Count ?? -1);
        foreach (NodeId node in nodes ?? [])
        {
            writer.Write(node.Value);
        }
    }

    private static List<NodeId>? ReadNodes(BinaryReader reader)
    {
        int count = reader.ReadInt32();
        if (count < 0)
        {
            return null;
        }

        List<NodeId> nodes = [];
        for (; count > 0; count--)
        {
            nodes.Add(new NodeId(reader.ReadUInt64()));
        }

        return nodes;
    }

    private static void WriteBytes(BinaryWriter writer, ReadOnlyMemory<byte> bytes)
    {
        writer.Write(bytes.Length);
        writer.Write(bytes.Span);
    }

    private static byte[] ReadBytes(BinaryReader reader)
    {
        int length = reader.ReadInt32();
        byte[] bytes = reader.ReadBytes(length);
        return bytes.Length == length ? bytes : throw new EndOfStreamException();
    }

    private static void WriteOptional(BinaryWriter writer, ReadOnlyMemory<byte>? bytes)
    {
        writer.Write(bytes is not null);
        if (bytes is { } some)
        {
            WriteBytes(writer, some);
        }
    }

    private static ReadOnlyMemory<byte>? ReadOptional(BinaryReader reader) => reader.ReadBoolean() ? ReadBytes(reader) : (ReadOnlyMemory<byte>?)null;
}
