using RaftDb.Raft;
using RaftDb.Raft.Log;
using RaftDb.Storage.Binlog.Format;
using RaftDb.Storage.Binlog.Replicas;

namespace RaftDb.Storage.Binlog;

/// <summary>One range's part of what is to become durable: hard state and entries together, or neither.</summary>
public sealed class BinlogWrite
{
    /// <summary>The range.</summary>
    public required RangeId Range { get; init; }

    /// <summary>The replica that writes.</summary>
    public required ReplicaId Replica { get; init; }

    /// <summary>The hard state, when it changed.</summary>
    public HardState? HardState { get; init; }

    /// <summary>Consecutive entries. Where the first one's index is not after the log's end, the log is first cut there (a record of its own).</summary>
    public IReadOnlyList<Entry> Entries { get; init; } = [];

    /// <summary>Whether it must be synced before <see cref="Completed"/>; without, it goes along with the next sync and completes when written.</summary>
    public bool MustSync { get; init; } = true;

    /// <summary>Called on the writer thread, in the order of the writes, when it is durable. Must be quick and must not throw.</summary>
    public Action<BinlogWrite>? Completed { get; init; }

    /// <summary>Called instead when the disk is full (nothing of this write was kept, later ones may work again), and when the replica is not there or no longer.</summary>
    public Action<BinlogWrite>? Refused { get; init; }

    /// <summary>
    /// The place among the writes of this replica, 1, 2, 3 and so on; 0 when the caller doesn't count. After a refusal the later ones are refused too, until the refused
    /// ones have come again in this order: an answer that is still on its way to the caller must not let a later write overtake it, with a gap in the log, or an older vote
    /// over a newer one, behind it.
    /// </summary>
    public long Order { get; init; }

    /// <summary>For the caller.</summary>
    public object? State { get; init; }

    /// <summary>Bytes that this write takes on the disk, at most.</summary>
    internal long DiskSize
    {
        get
        {
            long size = RecordHeader.Size; // A truncation, perhaps.
            size += HardState is null ? 0 : RecordHeader.SizeFor(HardStatePayload.Size);
            for (int i = 0; i < Entries.Count; i++)
            {
                size += RecordHeader.SizeFor(Entries[i].Data.Length);
            }

            return size;
        }
    }

    /// <summary>The writer thread's: where the records of this write begin.</summary>
    internal BinlogPosition Place { get; set; }

    /// <summary>The writer thread's: the log is cut here first.</summary>
    internal LogPosition? Cut { get; set; }

    /// <summary>The writer thread's: whose log it goes to.</summary>
    internal ReplicaLog? Log { get; set; }
}
