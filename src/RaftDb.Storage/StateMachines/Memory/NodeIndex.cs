namespace RaftDb.Storage.StateMachines.Memory;

/// <summary>Finds the node of a key by a hash of it: open addressing, at most half full. One thread adds; any thread looks, and finds what it was told of. Nothing is removed.</summary>
internal sealed class NodeIndex
{
    private const int FirstSlots = 64;

    private static readonly ulong Secret = KeyHash.NewSecret();

    // The upper half of the hash, which tells the place, and the node's address; 0 = free. So to grow needs no look at keys, which lie all over the memory.
    private ulong[] _slots = new ulong[FirstSlots];

    /// <summary>How many nodes there are.</summary>
    public int Count { get; private set; }

    /// <summary>Memory that it holds.</summary>
    public long Bytes => (long)_slots.Length * sizeof(ulong);

    /// <summary>The hash of a key.</summary>
    public static ulong Hash(ReadOnlySpan<byte> key) => KeyHash.Of(key, Secret);

    /// <summary>The node of a key in a table; 0 when there is none.</summary>
    public int Find(MemTable table, ReadOnlySpan<byte> key, ulong hash)
    {
        ulong[] slots = Volatile.Read(ref _slots);
        for (int place = PlaceOf(hash, slots); ; place = (place + 1) & (slots.Length - 1))
        {
            ulong slot = Volatile.Read(ref slots[place]);
            if (slot == 0)
            {
                return MemoryArena.Nowhere;
            }

            if (slot >> 32 == hash >> 32 && table.Key((int)slot).SequenceEqual(key))
            {
                return (int)slot;
            }
        }
    }

    /// <summary>Adds a node whose key is not there.</summary>
    public void Add(int node, ulong hash)
    {
        if ((Count + 1) * 2 > _slots.Length)
        {
            ulong[] more = new ulong[_slots.Length * 2];
            foreach (ulong slot in _slots)
            {
                if (slot != 0)
                {
                    Put(more, slot);
                }
            }

            Volatile.Write(ref _slots, more);
        }

        Count++;
        Put(_slots, (hash & 0xFFFFFFFF00000000) | (uint)node);
    }

    private static int PlaceOf(ulong hash, ulong[] slots) => (int)((hash >> 32) & (ulong)(slots.Length - 1));

    private static void Put(ulong[] slots, ulong slot)
    {
        int place = PlaceOf(slot, slots);
        while (slots[place] != 0)
        {
            place = (place + 1) & (slots.Length - 1);
        }

        Volatile.Write(ref slots[place], slot);
    }
}
