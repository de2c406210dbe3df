using System.Runtime.InteropServices;

namespace RaftDb.Raft.Log;

/// <summary>Consecutive entries in a ring: appending at the end, cutting the end and dropping the front cost nothing per entry that stays.</summary>
internal sealed class EntryRing(LogIndex first)
{
    private Entry[] _slots = new Entry[64];
    private int _head;

    /// <summary>The index of the first entry, or of the next one to come when the ring is empty.</summary>
    public LogIndex First { get; private set; } = first;

    public int Count { get; private set; }

    /// <summary>The sum of the sizes of all entries here.</summary>
    public long Bytes { get; private set; }

    /// <summary>The index after the last entry.</summary>
    public LogIndex End => First + (ulong)Count;

    public ref readonly Entry this[LogIndex index] => ref _slots[Slot(index)];

    public void Add(in Entry entry)
    {
        Check.That(entry.Index == End, $"entry {entry.Index} was added where {End} was due");
        if (Count == _slots.Length)
        {
            Grow();
        }

        _slots[(_head + Count) & (_slots.Length - 1)] = entry;
        Count++;
        Bytes += entry.Size;
    }

    /// <summary>Removes <paramref name="index"/> and everything after it.</summary>
    public void CutFrom(LogIndex index)
    {
        while (Count > 0 && End > index)
        {
            ref Entry last = ref _slots[(_head + Count - 1) & (_slots.Length - 1)];
            Bytes -= last.Size;
            last = default;
            Count--;
        }

        if (Count == 0)
        {
            First = index;
        }
    }

    public void DropFirst()
    {
        ref Entry first = ref _slots[_head];
        Bytes -= first.Size;
        first = default;
        _head = (_head + 1) & (_slots.Length - 1);
        Count--;
        First = First.Next;
    }

    /// <summary>Empties the ring; the next entry will be <paramref name="first"/>.</summary>
    public void Reset(LogIndex first)
    {
        _slots = new Entry[64];
        _head = 0;
        Count = 0;
        Bytes = 0;
        First = first;
    }

    /// <summary>Adds up to <paramref name="count"/> entries from <paramref name="from"/> on to <paramref name="into"/>.</summary>
    public void CopyTo(LogIndex from, int count, List<Entry> into)
    {
        int start = into.Count;
        CollectionsMarshal.SetCount(into, start + count);
        Span<Entry> target = CollectionsMarshal.AsSpan(into)[start..];
        int slot = Slot(from);
        int run = Math.Min(count, _slots.Length - slot);
        _slots.AsSpan(slot, run).CopyTo(target);
        _slots.AsSpan(0, count - run).CopyTo(target[run..]);
    }

    private int Slot(LogIndex index)
    {
        Check.That(index >= First && index < End, $"entry {index} is outside of [{First}, {End})");
        return (_head + (int)(index - First)) & (_slots.Length - 1);
    }

    private void Grow()
    {
        var larger = new Entry[_slots.Length * 2];
        int run = Math.Min(Count, _slots.Length - _head);
        Array.Copy(_slots, _head, larger, 0, run);
        Array.Copy(_slots, 0, larger, run, Count - run);
        _slots = larger;
        _head = 0;
    }
}
