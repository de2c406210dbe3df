using RaftDb.Raft;
using RaftDb.Raft.Log;
using RaftDb.Storage.Disk;

namespace RaftDb.Storage.Binlog;

/// <summary>The append-only log of a node, shared by all its ranges. One writer thread makes batches durable; any thread may append and read.</summary>
public sealed class NodeBinlog : IDisposable
{
    /// <summary>Opens or creates the log under <paramref name="directory"/> of the disk and recovers it. Throws <see cref="StorageRefusedException"/>
    /// for a log of another cluster, node, store or format, <see cref="StorageFailedException"/> for a disk that fails.</summary>
    public static NodeBinlog Open(IDisk disk, string directory, BinlogIdentity identity, BinlogOptions options) => throw new NotImplementedException();

    /// <summary>What was there at open, by range.</summary>
    public IReadOnlyList<RecoveredReplica> Recovered => throw new NotImplementedException();

    /// <summary>Replicas that were removed.</summary>
    public IReadOnlyCollection<Tombstone> Tombstones => throw new NotImplementedException();

    /// <summary>Makes a new, empty replica known durably (range, replica id, first checkpoint). Blocks until it is.</summary>
    public void CreateReplica(RangeId range, ReplicaId replica, RangeCheckpoint checkpoint) => throw new NotImplementedException();

    /// <summary>Hands writes to the writer thread and returns at once.</summary>
    public void Append(params ReadOnlySpan<BinlogWrite> writes) => throw new NotImplementedException();

    /// <summary>A reader of one replica's durable entries.</summary>
    public ILogReader Reader(RangeId range) => throw new NotImplementedException();

    /// <summary>Records a completed checkpoint of the state machine. The log up to it, less the retained tail, may go; the new floor
    /// is given to <paramref name="completed"/> once that record is durable. <paramref name="pin"/>: nothing after this index may go (a snapshot is under way).</summary>
    public void RecordCheckpoint(
        RangeId range, RangeCheckpoint checkpoint, LogIndex? pin, Action<LogPosition> completed) => throw new NotImplementedException();

    /// <summary>The commit point of a snapshot's installation: one synced record after which the range's log starts at the snapshot's position.</summary>
    public void InstallSnapshot(RangeId range, ReplicaId replica, RangeCheckpoint checkpoint, Action completed) => throw new NotImplementedException();

    /// <summary>Removes a replica for good.</summary>
    public void RemoveReplica(RangeId range, ReplicaId replica, Action completed) => throw new NotImplementedException();

    /// <summary>Completes when everything appended so far is on stable storage, in every durability mode.</summary>
    public void Sync(Action completed) => throw new NotImplementedException();

    /// <summary>Figures for metrics and status.</summary>
    public BinlogStatistics Statistics => throw new NotImplementedException();

    /// <summary>Completed with the cause when the log is poisoned: nothing will be acknowledged any more and the node must stop.</summary>
    public Task<StorageFailedException> Failed => throw new NotImplementedException();

    /// <summary>Writes out what is queued, marks a clean end and closes.</summary>
    public void Dispose() => throw new NotImplementedException();
}

/// <summary>Running totals.</summary>
/// <param name="QueuedBytes">Bytes waiting for the writer now.</param>
/// <param name="WrittenBytes">Bytes written since the start.</param>
/// <param name="WrittenEntries">Entries written since the start.</param>
/// <param name="Syncs">Syncs since the start.</param>
/// <param name="Segments">Segment files now.</param>
/// <param name="DiskBytes">Their size together.</param>
/// <param name="IsFull">The disk had no room at the last try.</param>
public readonly record struct BinlogStatistics(
    long QueuedBytes, long WrittenBytes, long WrittenEntries, long Syncs, int Segments, long DiskBytes, bool IsFull);
