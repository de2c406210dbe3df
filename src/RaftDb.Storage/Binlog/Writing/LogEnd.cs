using RaftDb.Raft;
using RaftDb.Storage.Binlog.Format;
using RaftDb.Storage.Binlog.Recovery;
using RaftDb.Storage.Binlog.Segments;
using RaftDb.Storage.Disk;

namespace RaftDb.Storage.Binlog.Writing;

/// <summary>The end of the log on the disk: which segment, where, how far synced. Writer thread only.</summary>
internal sealed class LogEnd
{
    /// <summary>Batches of this size and more gain less by syncs into space that was written before than writing that space costs.</summary>
    private const int LongBatchBytes = 32 << 10;

    private readonly SegmentTable _segments;
    private readonly SegmentKeeper _keeper;
    private readonly BinlogOptions _options;
    private readonly BatchBuilder _small = new();
    private readonly byte[] _session;
    private ulong _sequence;
    private uint _nextSegment;
    private bool _mustRoll;
    private bool _isPreparing;
    private long _begunAt;
    private int _batches;
    private uint _markedAt;
    private uint _farMarkAt;
    private uint _writtenFirst;

    public LogEnd(RecoveredLog recovered, SegmentKeeper keeper, BinlogOptions options)
    {
        _segments = recovered.Segments;
        _keeper = keeper;
        _options = options;
        _sequence = recovered.NextSequence;
        _nextSegment = recovered.NextSegment;
        _mustRoll = recovered.MustRoll;
        _session = recovered.Session.Encode();
        Synced = Position;
        IsNewSession = true;
        _begunAt = _segments.Active?.End ?? 0;
    }

    /// <summary>Where the next batch goes.</summary>
    public BinlogPosition Position => _segments.Active is { } active ? new(active.Number, (uint)active.End) : default;

    /// <summary>Everything before this place is on stable storage.</summary>
    public BinlogPosition Synced { get; private set; }

    /// <summary>The first needed segment, as stable storage says.</summary>
    public uint SyncedFirst { get; private set; }

    /// <summary>Something was written and not synced: records, or only a mark.</summary>
    public bool IsDirty { get; private set; }

    /// <summary>Whether records, not just a mark, wait for a sync.</summary>
    public bool HasUnsyncedRecords => Synced != Position;

    /// <summary>The next batch is the first one of this process, or of its segment: it says which session writes here.</summary>
    public bool IsNewSession { get; private set; }

    /// <summary>Bytes that fit behind the end; the reserve is kept for those that make room.</summary>
    public long Room(bool useReserve) => _mustRoll || _segments.Active is not { } active
        ? 0
        : active.Capacity - active.End - RecordHeader.Size - (useReserve ? 0 : Reserve);

    private long Reserve => Math.Max(SegmentHeader.BlockSize, _options.SegmentBytes / 64);

    /// <summary>Goes on in a new segment with room for a batch of this size. Throws <see cref="DiskFullException"/> when there is none.</summary>
    public void Roll(long size)
    {
        long needed = SegmentHeader.BlockSize + size + RecordHeader.Size + Reserve;
        long capacity = Math.Max(_options.SegmentBytes, (needed + SegmentHeader.BlockSize - 1) & -SegmentHeader.BlockSize);
        Check.That(capacity <= uint.MaxValue, $"a write of {size} bytes can't be stored.");
        Segment next = _keeper.Take(_nextSegment, capacity);
        if (IsDirty && !Mutants.SegmentLeftUnsynced)
        {
            Sync(); // A segment is left only when all of it is on stable storage.
        }

        _segments.Add(next);
        _nextSegment = next.Number + 1;
        _mustRoll = false;
        _isPreparing = false;
        _begunAt = next.End;
        _batches = 0;
        _markedAt = _farMarkAt = 0;
        IsNewSession = true;
    }

    /// <summary>Writes a batch behind the end.</summary>
    public void Write(BatchBuilder batch)
    {
        Segment active = _segments.Active!;
        BinlogPosition synced = Mutants.BatchNamedAsSynced ? new(active.Number, (uint)(active.End + batch.Length)) : _segments.NameOf(Synced);
        var header = new BatchHeader(_sequence, synced, _segments.First, batch.BodyLength, Closed: false);
        active.File.Write(batch.Finish(header), active.End);
        active.End += batch.Length;
        _batches++;
        _sequence++;
        _writtenFirst = _segments.First;
        IsDirty = true;
        IsNewSession = false;
        if (!_isPreparing && active.End > active.Capacity / 4)
        {
            _isPreparing = true;
            bool areLong = active.End - _begunAt >= (long)_batches * LongBatchBytes;
            _keeper.Prepare(_nextSegment, _options.SegmentBytes, fill: !areLong);
        }
    }

    /// <summary>A write met a full disk half-way: a mark over its first bytes makes sure that nothing of it can come back.</summary>
    public void TakeBack()
    {
        WriteMark(closed: false);
        Sync();
    }

    public void Sync()
    {
        try
        {
            _segments.Active!.File.Sync();
        }
        catch (IOException) when (Mutants.FsyncFailureIgnored)
        {
            // Never in the product: the filter is false there.
        }

        Synced = Position;
        SyncedFirst = _writtenFirst;
        IsDirty = false;
    }

    /// <summary>Says behind the last batch that it was synced; the next batch is written over that. Needs no sync of its own to be of use when a process dies.</summary>
    public void Mark()
    {
        if (!HasUnsyncedRecords && _segments.Active is { } active && _markedAt != active.End && !_mustRoll)
        {
            WriteMark(closed: false);
        }
    }

    /// <summary>Ends the log cleanly.</summary>
    public void Close()
    {
        if (_segments.Active is null || _mustRoll)
        {
            return;
        }

        if (IsDirty)
        {
            Sync();
        }

        WriteMark(closed: true);
        WriteFarMark();
        Sync();
    }

    /// <summary>Puts the last batch and its mark on stable storage when nothing is to be done, with a second mark in another block: rot that takes the end of the last
    /// batch together with the mark behind it would otherwise look like a torn tail.</summary>
    public void Settle()
    {
        if (HasUnsyncedRecords)
        {
            Sync();
        }

        if (!_mustRoll && _segments.Active is { } active && _farMarkAt != active.End)
        {
            Mark();
            WriteFarMark();
        }

        if (IsDirty)
        {
            Sync();
        }
    }

    /// <summary>Says durably which segment is the first one needed. That takes a batch: a mark may be torn by the batch that is written over it. False when there is
    /// no room, or nothing more may be written here.</summary>
    public bool SayFirstSegment()
    {
        if (_mustRoll || _segments.Active is not { } active || Room(useReserve: true) < 4 * RecordHeader.Size)
        {
            return false;
        }

        _small.Begin(active.Number, active.Incarnation, (uint)active.End);
        _small.Add(new RecordHeader(RecordType.Session, 0, 0, _session.Length, 0, 0, 0, 0), _session);
        Write(_small);
        Sync();
        return true;
    }

    private void WriteMark(bool closed)
    {
        WriteMark(_segments.Active!.End, closed);
        _markedAt = (uint)_segments.Active!.End;
    }

    private void WriteFarMark()
    {
        Segment active = _segments.Active!;
        long at = BatchHeader.FarMarkOf(active.End);
        if (at + RecordHeader.Size <= active.Capacity)
        {
            WriteMark(at, closed: false);
        }

        _farMarkAt = (uint)active.End;
    }

    private void WriteMark(long at, bool closed)
    {
        Segment active = _segments.Active!;
        var bytes = new byte[RecordHeader.Size];
        var mark = new BatchHeader(_sequence, _segments.NameOf(Synced), _segments.First, 0, closed);
        mark.ToRecord().Write(bytes, RecordHeader.Seed(active.Incarnation, (uint)at), []);
        active.File.Write([bytes], at);
        IsDirty = true;
    }
}
