using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace RaftDb.Storage.StateMachines.Memory;

/// <summary>The newest version, index and size of rows of a large range, wherever the rows are: a put needs them, and to look them up in the file costs two pages. 24 bytes for a row; what has no room, expires, or
/// has a number that is too large is not here. Used by the thread that applies.</summary>
/// <remarks>Extendible hashing (Fagin, Nievergelt, Pippenger, Strong, "Extendible hashing: a fast access method for dynamic files", 1979): a segment that is full is split alone, so that nothing stands still while the
/// whole grows. A row is in one of eight neighbouring slots of its segment; where memory has reached its bound, a new one takes the place of one of them. Keys are not kept but 64 bits of one keyed hash and, by the
/// place and the entry, up to 31 of another: at a million looks a second two keys of a range are taken for each other less than once in a million years.</remarks>
/// <param name="budget">Memory for all ranges of the node.</param>
/// <param name="segmentSlots">Slots of a segment, a power of two.</param>
internal sealed class RowFactsCache(MemoryBudget budget, int segmentSlots = 1 << 15) : IDisposable
{
    private const int Window = 8;
    private const int DirectoryBits = 16;
    private const int IndexBits = 64 - DirectoryBits;
    private const ulong IndexMask = (1UL << IndexBits) - 1;

    private static readonly ulong Secret = KeyHash.NewSecret();
    private static readonly ulong OtherSecret = KeyHash.NewSecret();

    private readonly List<(ulong Place, ulong Tag)> _undo = [];

    // By the upper bits of the place; 2^_depth of them. Empty: nothing is kept.
    private Segment[] _directory = [];
    private int _depth;
    private int _segments;
    private uint _victim;
    private bool _isUndoing;

    /// <summary>Memory for a row.</summary>
    public static int SlotBytes => Unsafe.SizeOf<Slot>();

    /// <summary>Memory that it holds.</summary>
    public long Bytes => (long)_segments * SegmentBytes;

    private long SegmentBytes => (long)segmentSlots * SlotBytes;

    /// <summary>Begins to keep rows, or lets go of all of them.</summary>
    public void Keep(bool isLarge)
    {
        if (isLarge && _segments == 0 && TryTake())
        {
            _directory = [new(segmentSlots, 0)];
        }
        else if (!isLarge && _segments > 0)
        {
            Dispose();
        }
    }

    /// <summary>What is known of a row; false where nothing is, which says nothing of the row.</summary>
    public bool TryFind(ReadOnlySpan<byte> key, out RowFacts facts)
    {
        facts = default;
        if (_segments == 0)
        {
            return false;
        }

        (ulong place, ulong tag) = Hash(key);
        ref Slot slot = ref Find(SegmentOf(place), place, tag);
        if (Unsafe.IsNullRef(ref slot))
        {
            return false;
        }

        facts = new(slot.Version, slot.PlaceAndIndex & IndexMask, 0, slot.ValueBytes);
        return true;
    }

    /// <summary>A row is now so.</summary>
    public void Set(ReadOnlySpan<byte> key, in RowFacts facts)
    {
        if (_segments == 0)
        {
            return;
        }

        (ulong place, ulong tag) = Hash(key);
        if (_isUndoing)
        {
            _undo.Add((place, tag));
        }

        if (!facts.Exists || facts.Expiry != 0 || facts.Version > uint.MaxValue || facts.Index > IndexMask || facts.ValueBytes > uint.MaxValue)
        {
            Remove(place, tag);
            return;
        }

        Slot slot = new() { Tag = tag, PlaceAndIndex = (place & ~IndexMask) | facts.Index, Version = (uint)facts.Version, ValueBytes = (uint)facts.ValueBytes };
        RoomFor(place, tag) = slot;
    }

    /// <summary>A row is gone.</summary>
    public void Remove(ReadOnlySpan<byte> key) => Set(key, RowFacts.Absent);

    /// <summary>From here on, what is set may be taken back.</summary>
    public void Savepoint() => _isUndoing = true;

    /// <summary>What was set since the savepoint stays.</summary>
    public void Release()
    {
        _isUndoing = false;
        _undo.Clear();
    }

    /// <summary>Nothing is known any more of what was set since the savepoint.</summary>
    public void RollBack()
    {
        foreach ((ulong place, ulong tag) in _undo)
        {
            Remove(place, tag);
        }

        Release();
    }

    /// <summary>Lets go of all rows.</summary>
    public void Dispose()
    {
        budget.Take(-Bytes);
        _directory = [];
        _segments = 0;
        _depth = 0;
        Release();
    }

    private static (ulong Place, ulong Tag) Hash(ReadOnlySpan<byte> key) => (KeyHash.Of(key, Secret), KeyHash.Of(key, OtherSecret));

    private static bool IsSame(in Slot slot, ulong place, ulong tag) =>
        slot.Tag == tag && slot.Version != 0 && slot.PlaceAndIndex >> IndexBits == place >> IndexBits;

    private Segment SegmentOf(ulong place) => _directory[_depth == 0 ? 0 : (int)(place >> (64 - _depth))];

    private ref Slot At(Segment segment, ulong place, int offset) => ref segment.Slots[((int)place + offset) & (segmentSlots - 1)];

    private ref Slot Find(Segment segment, ulong place, ulong tag)
    {
        for (int i = 0; i < Window; i++)
        {
            ref Slot slot = ref At(segment, place, i);
            if (IsSame(slot, place, tag))
            {
                return ref slot;
            }
        }

        return ref Unsafe.NullRef<Slot>();
    }

    private void Remove(ulong place, ulong tag)
    {
        if (_segments == 0)
        {
            return;
        }

        Segment segment = SegmentOf(place);
        ref Slot slot = ref Find(segment, place, tag);
        if (!Unsafe.IsNullRef(ref slot))
        {
            slot = default;
            segment.Count--;
        }
    }

    /// <summary>The slot that a row has, or gets: a free one, where the segment was split one of its half, or one that another row loses.</summary>
    private ref Slot RoomFor(ulong place, ulong tag)
    {
        while (true)
        {
            Segment segment = SegmentOf(place);
            ref Slot own = ref Find(segment, place, tag);
            if (!Unsafe.IsNullRef(ref own))
            {
                return ref own;
            }

            for (int i = 0; i < Window; i++)
            {
                ref Slot slot = ref At(segment, place, i);
                if (slot.Version == 0)
                {
                    segment.Count++;
                    return ref slot;
                }
            }

            // A window can be full by chance; a segment is split when most of it is.
            if (segment.Count < segmentSlots / 4 * 3 || segment.Depth == DirectoryBits || !TryTake())
            {
                return ref At(segment, place, (int)(_victim++ % Window));
            }

            Split(segment, place);
        }
    }

    private bool TryTake()
    {
        if (!budget.TryTake(SegmentBytes))
        {
            return false;
        }

        _segments++;
        return true;
    }

    /// <summary>Moves the rows of a segment whose next bit is set to a new one, where they have the same slots.</summary>
    private void Split(Segment segment, ulong place)
    {
        if (segment.Depth == _depth)
        {
            _depth++;
            var larger = new Segment[_directory.Length * 2];
            for (int i = 0; i < larger.Length; i++)
            {
                larger[i] = _directory[i / 2];
            }

            _directory = larger;
        }

        Segment upper = new(segmentSlots, ++segment.Depth);
        int shift = 64 - segment.Depth;
        for (int i = 0; i < segmentSlots; i++)
        {
            ref Slot slot = ref segment.Slots[i];
            if (slot.Version != 0 && ((slot.PlaceAndIndex >> shift) & 1) != 0)
            {
                upper.Slots[i] = slot;
                slot = default;
                upper.Count++;
                segment.Count--;
            }
        }

        // Those entries of the directory whose bits are the segment's, and then a one.
        int width = 1 << (_depth - segment.Depth);
        int first = (int)((place >> shift) | 1) * width;
        Array.Fill(_directory, upper, first, width);
    }

    /// <summary>The upper bits of a row's place and the entry that wrote it; free where the version is 0.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct Slot
    {
        public ulong Tag;
        public ulong PlaceAndIndex;
        public uint Version;
        public uint ValueBytes;
    }

    /// <summary>The rows whose places have the same first bits.</summary>
    private sealed class Segment(int slots, int depth)
    {
        public readonly Slot[] Slots = new Slot[slots];

        public int Depth { get; set; } = depth;

        public int Count { get; set; }
    }
}
