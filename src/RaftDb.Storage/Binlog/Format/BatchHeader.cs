namespace RaftDb.Storage.Binlog.Format;

/// <summary>What heads a batch, in the fields of a <see cref="RecordHeader"/>. A batch without records is a mark: it stands where the next batch
/// will, says that everything before it was synced, and is written over by that batch.</summary>
/// <param name="Sequence">One more than the batch before; a mark has its successor's.</param>
/// <param name="Synced">Everything before this place was synced when this was written.</param>
/// <param name="FirstSegment">The first segment that is still needed; those before it are free.</param>
/// <param name="BodyLength">Bytes of records.</param>
/// <param name="Closed">The log was closed cleanly here.</param>
internal readonly record struct BatchHeader(ulong Sequence, BinlogPosition Synced, uint FirstSegment, int BodyLength, bool Closed)
{
    private const byte ClosedFlag = 1;

    /// <summary>Where the second mark behind the end of a log stands: in the next block, whatever the size of a disk's sectors.</summary>
    public static long FarMarkOf(long end) => (end + RecordHeader.Size + SegmentHeader.BlockSize - 1) & -SegmentHeader.BlockSize;

    public bool IsMark => BodyLength == 0;

    public RecordHeader ToRecord() =>
        new(RecordType.Batch, Closed ? ClosedFlag : (byte)0, 0, BodyLength, FirstSegment, Sequence, Synced.Segment, Synced.Offset);

    public static BatchHeader From(in RecordHeader record) => new(
        record.Replica, new BinlogPosition((uint)record.Term, (uint)record.Index), (uint)record.Range, record.Length, (record.Kind & ClosedFlag) != 0);
}
