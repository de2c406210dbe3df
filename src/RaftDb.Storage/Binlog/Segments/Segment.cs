using RaftDb.Raft;
using RaftDb.Storage.Disk;

namespace RaftDb.Storage.Binlog.Segments;

/// <summary>A segment file. The counters belong to the writer thread; any thread may read from the file while it holds a reference.</summary>
internal sealed class Segment(uint number, ulong incarnation, long capacity, IDiskFile file, string path)
{
    private int _references = 1;

    public uint Number { get; } = number;

    public ulong Incarnation { get; } = incarnation;

    public long Capacity { get; } = capacity;

    public IDiskFile File { get; } = file;

    public string Path { get; } = path;

    /// <summary>Where its records end; 0 while unknown.</summary>
    public long End { get; set; } = Format.SegmentHeader.BlockSize;

    /// <summary>Entries ever written here.</summary>
    public long TotalEntries { get; set; }

    /// <summary>Entries here that a range still needs.</summary>
    public long LiveEntries { get; set; }

    /// <summary>Small records here that are the current ones of their kind.</summary>
    public long LiveStates { get; set; }

    /// <summary>All that was live here was written again elsewhere; what still counts is about to be let go.</summary>
    public bool IsEmptied { get; set; }

    /// <summary>Something here can't be read any more, so its live records can't be moved.</summary>
    public bool IsDamaged { get; set; }

    public bool IsNeeded => LiveEntries > 0 || (LiveStates > 0 && !Mutants.NeededSegmentFreed);

    /// <summary>Roughly the bytes of live entries: their share of what was written.</summary>
    public long LiveBytes => TotalEntries == 0 ? 0 : (long)((double)(End - Format.SegmentHeader.BlockSize) * LiveEntries / TotalEntries);

    /// <summary>False when the segment is gone already: look the entry up again.</summary>
    public bool TryAcquire()
    {
        int seen = Volatile.Read(ref _references);
        while (seen > 0)
        {
            int was = Interlocked.CompareExchange(ref _references, seen + 1, seen);
            if (was == seen)
            {
                return true;
            }

            seen = was;
        }

        return false;
    }

    /// <summary>Gives a reference back; the last one closes the file and answers true.</summary>
    public bool Release()
    {
        if (Interlocked.Decrement(ref _references) > 0)
        {
            return false;
        }

        File.Dispose();
        return true;
    }
}
