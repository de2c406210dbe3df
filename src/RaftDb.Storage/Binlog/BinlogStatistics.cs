namespace RaftDb.Storage.Binlog;

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
