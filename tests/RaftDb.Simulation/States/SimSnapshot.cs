using System.Security.Cryptography;
using RaftDb.Raft.Log;
using RaftDb.Storage;
using RaftDb.Storage.Binlog;
using RaftDb.Storage.StateMachines;
using RaftDb.Storage.StateMachines.Snapshots;

namespace RaftDb.Simulation.States;

/// <summary>A version as a stream of bytes.</summary>
internal sealed class SimSnapshotSource : ISnapshotSource
{
    private readonly byte[] _bytes;

    public SimSnapshotSource(StateVersion version)
    {
        _bytes = StateStream.Encode(version);
        Metadata = new(version.Meta.Applied, version.Meta.Configuration);
        Header = new(Metadata, version.Meta.Descriptor, _bytes.Length, Convert.ToHexStringLower(SHA256.HashData(_bytes)));
    }

    public SnapshotMetadata Metadata { get; }

    public SnapshotHeader Header { get; }

    public int Read(Span<byte> buffer, long offset)
    {
        int count = (int)Math.Clamp(_bytes.Length - offset, 0, buffer.Length);
        _bytes.AsSpan((int)offset, count).CopyTo(buffer);
        return count;
    }

    public void Dispose()
    {
    }
}

/// <summary>A stream of bytes on its way to become a state file.</summary>
internal sealed class SimSnapshotSink(SimStateStore store, RangeId range, string name) : ISnapshotSink
{
    private readonly MemoryStream _bytes = new();
    private bool _isKept;

    public long Received => _bytes.Length;

    public void Write(ReadOnlySpan<byte> chunk) => _bytes.Write(chunk);

    public (IStateMachine State, RangeCheckpoint Checkpoint) Complete(SnapshotHeader header)
    {
        ReadOnlySpan<byte> bytes = _bytes.GetBuffer().AsSpan(0, (int)_bytes.Length);
        if (Convert.ToHexStringLower(SHA256.HashData(bytes)) != header.Sha256)
        {
            throw new StorageRefusedException($"The received copy of range {range} is refused: it is not what was sent.");
        }

        StateVersion version = StateStream.Decode(bytes);
        if (version.Meta.Applied != header.Metadata.Position)
        {
            throw new StorageRefusedException($"The received copy of range {range} is refused: it holds {version.Meta.Applied.Index}.");
        }

        SimStateMachine state = store.Machine(range, store.Add(range, name, version));
        return (state, new(state.Applied, state.Configuration, state.Descriptor, name));
    }

    public void Keep() => _isKept = true;

    public void Dispose()
    {
        if (!_isKept)
        {
            store.Delete(range, name);
        }
    }
}

/// <summary>The bytes of a version.</summary>
internal static class StateStream
{
    public static byte[] Encode(StateVersion version)
    {
        MemoryStream stream = new();
        using BinaryWriter writer = new(stream);
        StateMeta meta = version.Meta;
        writer.Write(meta.Applied.Index.Value);
        writer.Write(meta.Applied.Term.Value);
        writer.Write(meta.Time.Value);
        writer.Write(meta.Shape);
        Write(writer, ShapeCodec.Encode(meta.Descriptor));
        Write(writer, ShapeCodec.Encode(meta.Configuration));
        writer.Write(version.Rows.Count);
        foreach (SimRow row in version.Rows.Values)
        {
            Write(writer, row.Key);
            Write(writer, row.Value);
            writer.Write(row.Version);
            writer.Write(row.Index);
            writer.Write(row.Expiry);
            writer.Write(row.Time);
        }

        SessionStream.Write(writer, version.Sessions);
        writer.Flush();
        return stream.ToArray();
    }

    public static StateVersion Decode(ReadOnlySpan<byte> bytes)
    {
        using BinaryReader reader = new(new MemoryStream(bytes.ToArray()));
        LogPosition applied = new(new(reader.ReadUInt64()), new(reader.ReadUInt64()));
        HybridTimestamp time = new(reader.ReadUInt64());
        ulong shape = reader.ReadUInt64();
        RangeDescriptor descriptor = ShapeCodec.DecodeDescriptor(Read(reader));
        Raft.Membership.Configuration configuration = ShapeCodec.DecodeConfiguration(Read(reader));
        int count = reader.ReadInt32();
        SimTable table = new();
        table.Begin(StateVersion.Empty(new(applied, time, 0, 0, shape, descriptor, configuration)));
        long size = 0;
        for (int i = 0; i < count; i++)
        {
            byte[] key = Read(reader);
            byte[] value = Read(reader);
            table.Write(key, value, reader.ReadUInt64(), reader.ReadUInt64(), reader.ReadInt64(), new(reader.ReadUInt64()));
            size += key.Length + value.Length;
        }

        return table.End(new(applied, time, count, size, shape, descriptor, configuration), SessionStream.Read(reader));
    }

    private static void Write(BinaryWriter writer, byte[] bytes)
    {
        writer.Write(bytes.Length);
        writer.Write(bytes);
    }

    private static byte[] Read(BinaryReader reader) => reader.ReadBytes(reader.ReadInt32());
}
