using RaftDb.Raft.Log;
using RaftDb.Storage.Binlog;

namespace RaftDb.Storage.StateMachines.Snapshots;

/// <summary>A consistent copy of a state machine, to be read in order. Disposing it drops the copy.</summary>
public interface ISnapshotSource : IDisposable
{
    /// <summary>What the copy stands for.</summary>
    SnapshotMetadata Metadata { get; }

    /// <summary>Descriptor and digest-independent facts that go ahead of the data.</summary>
    SnapshotHeader Header { get; }

    /// <summary>Reads the next bytes of the copy at an offset; 0 at the end. At most 256 KiB at a time is sensible.</summary>
    int Read(Span<byte> buffer, long offset);
}

/// <summary>What a receiver must know before the first byte.</summary>
/// <param name="Metadata">Position and configuration.</param>
/// <param name="Descriptor">The descriptor at that position.</param>
/// <param name="Length">Bytes of the copy.</param>
/// <param name="Sha256">Of the whole copy, in lower-case hex.</param>
public sealed record SnapshotHeader(SnapshotMetadata Metadata, RangeDescriptor Descriptor, long Length, string Sha256);

/// <summary>A new state file being written.</summary>
public interface ISnapshotSink : IDisposable
{
    /// <summary>Bytes received so far, in order: where an interrupted transfer goes on.</summary>
    long Received { get; }

    /// <summary>Appends a chunk.</summary>
    void Write(ReadOnlySpan<byte> chunk);

    /// <summary>Verifies length, hash and SQLite's own check, syncs file and directory, opens the state. Throws
    /// <see cref="StorageRefusedException"/> when it is not what the header said. The file is deleted on dispose unless <see cref="Keep"/> was called.</summary>
    (IStateMachine State, RangeCheckpoint Checkpoint) Complete(SnapshotHeader header);

    /// <summary>The installation's commit point has passed: the file stays.</summary>
    void Keep();
}
