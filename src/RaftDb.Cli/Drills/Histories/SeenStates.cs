namespace RaftDb.Cli.Drills.Histories;

/// <summary>
/// The situations that the search was in already: a set of word sequences, kept whole (a hash alone could make two situations one
/// and the verdict wrong), within a bound of memory.
/// </summary>
internal sealed class SeenStates(long maxBytes)
{
    private readonly List<ulong> _words = [];
    private int[] _table = new int[64];
    private int _count;

    /// <summary>Whether the bound is reached: what comes then can't be remembered.</summary>
    public bool IsFull => (_words.Count * 8L) + (_table.Length * 4L) > maxBytes;

    /// <summary>True when the sequence is new.</summary>
    public bool Add(ReadOnlySpan<ulong> words)
    {
        if (_count * 2 >= _table.Length)
        {
            Grow();
        }

        int slot = SlotOf(words);
        if (_table[slot] != 0)
        {
            return false;
        }

        // Where it begins, plus one: 0 is an empty slot.
        _table[slot] = _words.Count + 1;
        _words.Add((ulong)words.Length);
        _words.AddRange(words);
        _count++;
        return true;
    }

    private int SlotOf(ReadOnlySpan<ulong> words)
    {
        int mask = _table.Length - 1;
        int slot = (int)(Hash(words) >> 20) & mask;
        while (_table[slot] is var start and not 0 && !At(start).SequenceEqual(words))
        {
            slot = (slot + 1) & mask;
        }

        return slot;
    }

    private ReadOnlySpan<ulong> At(int start)
    {
        ReadOnlySpan<ulong> all = System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_words);
        return all.Slice(start, (int)all[start - 1]);
    }

    private void Grow()
    {
        int[] old = _table;
        _table = new int[old.Length * 2];
        foreach (int start in old)
        {
            if (start != 0)
            {
                _table[SlotOf(At(start))] = start;
            }
        }
    }

    private static ulong Hash(ReadOnlySpan<ulong> words)
    {
        ulong hash = 0x9E3779B97F4A7C15;
        foreach (ulong word in words)
        {
            hash = (hash ^ word) * 0xD6E8FEB86659FD93;
            hash ^= hash >> 32;
        }

        return hash;
    }
}
