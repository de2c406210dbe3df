using System.Text.Json;
using RaftDb.Client.Protocol;
using RaftDb.Raft.Log;
using RaftDb.Raft.Membership;
using RaftDb.Server.Replicas;
using RaftDb.Storage;
using RaftDb.Storage.Binlog;
using RaftDb.Storage.StateMachines;
using RaftDb.Storage.StateMachines.Snapshots;

namespace RaftDb.Server.Ranges;

/// <summary>A consistent copy of one range, for a backup: a line of JSON and the data. Made beside everything else; dispose it to drop the copy.</summary>
internal sealed class RangeBackup : IDisposable
{
    private const int ChunkBytes = 256 << 10;

    private readonly StateHandle _state;
    private readonly ISnapshotSource _source;

    private RangeBackup(StateHandle state, ISnapshotSource source, byte[] line)
    {
        _state = state;
        _source = source;
        Line = line;
    }

    /// <summary>The line ahead of the data, with its line feed.</summary>
    public ReadOnlyMemory<byte> Line { get; }

    /// <summary>Bytes of the data.</summary>
    public long Length => _source.Header.Length;

    /// <summary>Copies the state and computes the copy's digest. Blocks for as long as that takes. Null: a snapshot is just replacing the state.</summary>
    public static RangeBackup? Make(Replica replica, IStateMachineStore store, CancellationToken cancel)
    {
        StateHandle state = replica.State;
        if (!state.TryUse())
        {
            return null;
        }

        ISnapshotSource? source = null;
        try
        {
            source = state.Machine.BeginSnapshot();
            StateDigest digest = DigestOf(source, replica.Range, store, cancel);
            return new RangeBackup(state, source, JsonSerializer.SerializeToUtf8Bytes(Describe(source.Header, digest)).Append((byte)'\n').ToArray());
        }
        catch
        {
            source?.Dispose();
            state.Release();
            throw;
        }
    }

    /// <summary>Reads the next bytes of the data; 0 at the end.</summary>
    public int Read(Span<byte> buffer, long offset) => _source.Read(buffer, offset);

    public void Dispose()
    {
        _source.Dispose();
        _state.Release();
    }

    /// <summary>The header that a backup's line stands for.</summary>
    public static SnapshotHeader HeaderOf(BackupRange line) => new(
        new SnapshotMetadata(
            new LogPosition(new Raft.LogIndex(line.Index), new Raft.Term(line.Term)), ConfigurationCodec.Decode(line.Configuration)),
        new RangeDescriptor
        {
            Id = new RangeId(line.Range),
            Kind = line.Kind == "meta" ? RangeKind.Meta : RangeKind.KeyValue,
            Start = line.Start?.Bytes ?? default,
            End = line.End?.Bytes,
            Generation = line.Generation,
            FailoverMode = line.FailoverMode == "lease" ? Raft.FailoverMode.Lease : Raft.FailoverMode.Fast,
            Replicas = [.. line.Replicas.Select(r => new ReplicaDescriptor(new Raft.ReplicaId(r.Replica), new NodeId(r.Node)))],
        },
        line.Length,
        line.Sha256);

    /// <summary>The digest belongs to the copy, not to the state that has moved on: the copy is opened as a state of its own, as its receiver would.</summary>
    private static StateDigest DigestOf(ISnapshotSource source, RangeId range, IStateMachineStore store, CancellationToken cancel)
    {
        using ISnapshotSink sink = store.BeginReceive(range);
        byte[] buffer = new byte[ChunkBytes];
        for (int read; (read = source.Read(buffer, sink.Received)) > 0;)
        {
            cancel.ThrowIfCancellationRequested();
            sink.Write(buffer.AsSpan(0, read));
        }

        (IStateMachine state, RangeCheckpoint _) = sink.Complete(source.Header);
        using (state)
        {
            return state.ComputeDigest(cancel);
        }
    }

    private static BackupRange Describe(SnapshotHeader header, StateDigest digest)
    {
        RangeDescriptor descriptor = header.Descriptor;
        return new BackupRange(
            descriptor.Id.Value,
            descriptor.Kind == RangeKind.Meta ? "meta" : "kv",
            descriptor.Start.IsEmpty ? null : new BinaryText(descriptor.Start),
            descriptor.End is { } end ? new BinaryText(end) : null,
            descriptor.Generation,
            descriptor.FailoverMode == Raft.FailoverMode.Lease ? "lease" : "fast",
            header.Metadata.Position.Index.Value,
            header.Metadata.Position.Term.Value,
            digest.Keys,
            digest.Hash,
            header.Length,
            header.Sha256,
            [.. descriptor.Replicas.Select(r => new BackupReplica(r.Replica.Value, r.Node.Value))],
            ConfigurationCodec.Encode(header.Metadata.Configuration));
    }
}
