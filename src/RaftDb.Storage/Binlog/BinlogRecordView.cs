using RaftDb.Raft;
using RaftDb.Raft.Log;

namespace RaftDb.Storage.Binlog;

/// <summary>One record of a binlog, for people and scripts.</summary>
/// <param name="Segment">The segment's number.</param>
/// <param name="Offset">Where in the segment's file the record starts.</param>
/// <param name="Type">What it says: batch, mark, entry, hard_state, truncate, checkpoint, create, install, tombstone, suspect, session, replica_state, relocated_entry.</param>
/// <param name="Range">The range that it is of; 0 for none.</param>
/// <param name="Replica">The replica; 0 for none.</param>
/// <param name="Term">The term of the entry, the hard state or the position.</param>
/// <param name="Index">The index of the entry or the position; of a hard state the commit index.</param>
/// <param name="Kind">What an entry means; null for other records.</param>
/// <param name="Vote">Of a hard state: whom it votes for; null for other records.</param>
/// <param name="Payload">The record's payload (an entry's data).</param>
/// <param name="IsDamaged">The header is whole and the payload is not.</param>
public sealed record BinlogRecordView(
    uint Segment, uint Offset, string Type, RangeId Range, ReplicaId Replica, Term Term, LogIndex Index, EntryKind? Kind, ReplicaId? Vote,
    ReadOnlyMemory<byte> Payload, bool IsDamaged);

/// <summary>What a check of every record of a binlog found.</summary>
/// <param name="Segments">Each segment, oldest first.</param>
/// <param name="Damages">Damage to what was synced; empty = all is well.</param>
/// <param name="TornTail">Where a write was cut short that nobody was told had succeeded; null when the log ends cleanly. Harmless: the next start cuts it off.</param>
public sealed record BinlogVerification(IReadOnlyList<BinlogSegmentVerification> Segments, IReadOnlyList<string> Damages, string? TornTail)
{
    /// <summary>Whether all that was acknowledged is there.</summary>
    public bool IsWhole => Damages.Count == 0;
}

/// <summary>One segment of a verified binlog.</summary>
/// <param name="Number">Its number.</param>
/// <param name="File">Its file's name.</param>
/// <param name="Batches">Batches in it.</param>
/// <param name="Records">Records in them.</param>
/// <param name="Entries">Entries among the records, relocated ones included.</param>
/// <param name="Bytes">Where its records end.</param>
public sealed record BinlogSegmentVerification(uint Number, string File, long Batches, long Records, long Entries, long Bytes);
