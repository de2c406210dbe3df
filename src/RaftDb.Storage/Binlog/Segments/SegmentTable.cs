using System.Collections.Concurrent;
using RaftDb.Raft;
using RaftDb.Storage.Binlog.Format;

namespace RaftDb.Storage.Binlog.Segments;

/// <summary>The segments that hold records, and how many of their records are needed. Changed by the writer thread; looked up by any.</summary>
internal sealed class SegmentTable
{
    private readonly ConcurrentDictionary<uint, Segment> _byNumber = new();
    private Segment? _counted;

    /// <summary>The oldest segment that is kept.</summary>
    public uint First { get; set; } = 1;

    /// <summary>The segment being written; null before the first one.</summary>
    public Segment? Active { get; private set; }

    public int Count => _byNumber.Count;

    public long Bytes => _byNumber.Values.Sum(s => s.Capacity);

    /// <summary>Bytes of live entries in all segments, roughly.</summary>
    public long LiveBytes => _byNumber.Values.Sum(s => s.LiveBytes);

    /// <summary>Bytes written in all segments.</summary>
    public long UsedBytes => _byNumber.Values.Sum(s => s.End);

    public Segment? Find(uint number) => _byNumber.GetValueOrDefault(number);

    /// <summary>The name of a place in the log. The beginning of a segment is the end of the one before, and is called that: what stands first in a segment is all that tells later where
    /// the one before ended.</summary>
    public BinlogPosition NameOf(BinlogPosition place) =>
        place.Offset == SegmentHeader.BlockSize && !Mutants.SegmentEndNotNamed && Find(place.Segment - 1) is { } before ? new(before.Number, (uint)before.End) : place;

    /// <summary>Adds a segment behind all others and makes it the active one.</summary>
    public void Add(Segment segment)
    {
        Check.That(Active is null || segment.Number > Active.Number, $"segment {segment.Number} after {Active?.Number}.");
        Check.That(_byNumber.TryAdd(segment.Number, segment), $"segment {segment.Number} is there already.");
        Active = segment;
    }

    public Segment? Remove(uint number)
    {
        _counted = null;
        return _byNumber.TryRemove(number, out Segment? segment) ? segment : null;
    }

    public void EntriesAdded(uint segment, int count)
    {
        if (Cached(segment) is { } found)
        {
            found.TotalEntries += count;
            found.LiveEntries += count;
        }
    }

    public void EntriesGone(uint segment, int count)
    {
        if (Cached(segment) is { } found)
        {
            found.LiveEntries -= count;
            Check.That(found.LiveEntries >= 0, $"segment {segment} has {found.LiveEntries} live entries.");
        }
    }

    /// <summary>A current small record moved from one segment to another; 0 is none.</summary>
    public void StateMoved(uint from, uint to)
    {
        if (Find(from) is { } old)
        {
            old.LiveStates--;
            Check.That(old.LiveStates >= 0, $"segment {from} has {old.LiveStates} live states.");
        }

        if (Find(to) is { } now)
        {
            now.LiveStates++;
        }
    }

    public IEnumerable<Segment> All => _byNumber.Values;

    /// <summary>Counting goes entry by entry, and mostly stays in one segment.</summary>
    private Segment? Cached(uint number)
    {
        if (_counted?.Number != number)
        {
            _counted = Find(number);
        }

        return _counted;
    }
}
