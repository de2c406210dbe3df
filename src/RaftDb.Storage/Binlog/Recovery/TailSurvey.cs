using RaftDb.Raft;
using RaftDb.Storage.Binlog.Format;

namespace RaftDb.Storage.Binlog.Recovery;

/// <summary>A first walk through the last segment, which finds out where its log ends: damage below the highest offset that any batch or mark names as synced
/// is corruption of acknowledged data; the first damage at or above it is a torn tail, and the log ends there.</summary>
internal sealed class TailSurvey : ISegmentVisitor
{
    private readonly List<(uint From, uint To)> _damage = [];
    private readonly List<(uint At, BatchHeader Header, bool IsInSequence)> _batches = [];
    private ulong? _expectedSequence;
    private uint _lastRecord;

    /// <summary>Everything before this place was synced.</summary>
    public BinlogPosition Synced { get; private set; }

    /// <summary>Whether anything whole was found that the writer completed.</summary>
    public bool HasContent { get; private set; }

    /// <summary>Where the last thing that looks like a record ends.</summary>
    public uint LastTrace { get; private set; }

    /// <summary>Whether anything below the synced offset is damaged.</summary>
    public bool IsCorrupt { get; private set; }

    /// <summary>Whether something behind the end of the log is more than a mark: the remains of a batch.</summary>
    public bool TornBytesBehind(uint end) => _batches.Exists(b => b.At >= end && !b.Header.IsMark) || _lastRecord > end;

    /// <summary>The mark at the end of the log, if one is there. A far mark of earlier may stand there too, where the log has grown up to it: it does not follow the last batch.</summary>
    public BatchHeader? MarkAt(uint end) => _batches.Where(b => b.At == end && b.Header.IsMark && b.IsInSequence).Select(b => (BatchHeader?)b.Header).FirstOrDefault();

    /// <summary>The first segment still needed, as batches and marks up to the end of the log say: it never goes back, so that what an old mark says does not count.</summary>
    public uint? FirstSegmentAt(uint end) => _batches.Where(b => b.At <= end).Select(b => (uint?)b.Header.FirstSegment).Max();

    /// <summary>Where the log ends, given where the walk ended.</summary>
    public uint FindEnd(uint segment, uint walked)
    {
        uint end = walked;
        uint synced = Synced.Segment == segment ? Synced.Offset : Synced.Segment > segment ? uint.MaxValue : 0;
        foreach ((uint from, uint to) in _damage)
        {
            if (from >= synced || Mutants.TornTailRuleAppliedToCorruption)
            {
                end = Math.Min(end, from);
            }
            else
            {
                IsCorrupt = true;
                if (to > synced)
                {
                    end = Math.Min(end, Math.Max(synced, from));
                }
            }
        }

        return end;
    }

    public void Batch(BinlogPosition at, in BatchHeader header, bool intact)
    {
        Trace(at.Offset + RecordHeader.Size);
        bool inSequence = _expectedSequence is not { } expected || expected == header.Sequence;
        if (intact && inSequence)
        {
            HasContent = true;
        }
        else
        {
            _damage.Add((at.Offset, at.Offset + RecordHeader.Size + (uint)header.BodyLength));
        }

        if (header.Synced > Synced)
        {
            Synced = header.Synced;
        }

        _batches.Add((at.Offset, header, inSequence));
        _expectedSequence = header.IsMark ? header.Sequence : header.Sequence + 1;
    }

    public void Record(BinlogPosition at, in RecordHeader header, ReadOnlySpan<byte> payload)
    {
        _lastRecord = at.Offset + (uint)header.TotalSize;
        Trace(_lastRecord);
    }

    public void DamagedRecord(BinlogPosition at, in RecordHeader header)
    {
        _lastRecord = at.Offset + RecordHeader.Size;
        Trace(_lastRecord);
    }

    public void Hidden(BinlogPosition from, uint to, bool batchHeaderOnly)
    {
        _damage.Add((from.Offset, to));
        _expectedSequence = null;
    }

    private void Trace(uint end) => LastTrace = Math.Max(LastTrace, end);
}
