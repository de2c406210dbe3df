using System.Runtime.CompilerServices;

namespace RaftDb.Storage.StateMachines.Memory;

/// <summary>The rows that a range's applied entries have written since the last table was sealed: for each key a node with all its versions, the newest first. One thread
/// writes; any thread reads, as of any applied index from the table's first on, for as long as it holds the table.</summary>
/// <remarks>Nodes are found by a hash. Those who need them in order first link what is new into a skip list (Pugh, "Skip lists: a probabilistic alternative to balanced trees", 1990): all at once and sorted, when
/// the table is written to the file or somebody scans, which costs a fraction of a search for each write.</remarks>
internal sealed class MemTable
{
    private const int MaxHeight = 12;

    // A node: the newest version, the key's length, the height, whether the row is in the file, a link for each level, the key.
    private const int NewestAt = 0;
    private const int LengthAt = 4;
    private const int HeightAt = 8;
    private const int InFileAt = 12;
    private const int LinksAt = 16;

    private readonly Lock _linking = new();
    private readonly MemoryArena _arena = new();
    private readonly NodeIndex _index = new();
    private readonly int[] _first = new int[MaxHeight];
    private readonly int[] _before = new int[MaxHeight];
    private readonly List<(int Node, int Newest)> _undo = [];
    private int[] _nodes = new int[64];
    private int _count;
    private int _linked;
    private int _height = 1;
    private ulong _random = 0x9E3779B97F4A7C15;
    private bool _isUndoing;

    /// <summary>Memory that it holds.</summary>
    public long Bytes => _arena.Bytes + (_count == 0 ? 0 : _index.Bytes + ((long)_nodes.Length * sizeof(int)));

    /// <summary>Keys that it has, those included whose versions were all taken back.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>The keys whose newest version expires, the earliest first. Belongs to the thread that writes.</summary>
    public ExpiringKeys Expiring { get; } = new();

    /// <summary>The newest version of a key; false when it has none here. Called by the thread that writes.</summary>
    public bool TryFind(ReadOnlySpan<byte> key, out MemRow row)
    {
        int node = _index.Find(this, key, NodeIndex.Hash(key));
        int newest = node == MemoryArena.Nowhere ? MemoryArena.Nowhere : Newest(node);
        row = newest == MemoryArena.Nowhere ? default : Row(newest);
        return newest != MemoryArena.Nowhere;
    }

    /// <summary>The version of a key as of an applied index; false when there is none here. Any thread.</summary>
    public bool TryFind(ReadOnlySpan<byte> key, ulong asOf, out MemRow row)
    {
        int node = _index.Find(this, key, NodeIndex.Hash(key));
        if (node != MemoryArena.Nowhere)
        {
            return TryVersion(node, asOf, out row);
        }

        row = default;
        return false;
    }

    /// <summary>A row's value. Any thread.</summary>
    public ReadOnlySpan<byte> Value(in MemRow row) => _arena.At(row.Address + Unsafe.SizeOf<MemRow.Header>(), row.Fields.ValueBytes);

    /// <summary>Adds a version. <paramref name="version"/> 1: there was no row, neither here nor below; 0: the row goes, and was there.</summary>
    public void Write(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, ulong version, ulong index, long expiry, ulong time)
    {
        ulong hash = NodeIndex.Hash(key);
        int node = _index.Find(this, key, hash);
        node = node == MemoryArena.Nowhere ? Add(key, hash) : node;
        int previous = Newest(node);
        if (previous == MemoryArena.Nowhere)
        {
            _arena.Ref<int>(node + InFileAt) = version == 1 ? 0 : 1;
        }

        int address = _arena.Allocate(Unsafe.SizeOf<MemRow.Header>() + value.Length);
        _arena.Ref<MemRow.Header>(address) = new(index, version, expiry, time, previous, value.Length);
        value.CopyTo(_arena.At(address + Unsafe.SizeOf<MemRow.Header>(), value.Length));
        if (_isUndoing)
        {
            _undo.Add((node, previous));
        }

        SetNewest(node, address);
    }

    /// <summary>From here on, what is written may be taken back.</summary>
    public void Savepoint() => _isUndoing = true;

    /// <summary>What was written since the savepoint stays.</summary>
    public void Release()
    {
        _isUndoing = false;
        _undo.Clear();
    }

    /// <summary>Takes back what was written since the savepoint.</summary>
    public void RollBack()
    {
        for (int i = _undo.Count - 1; i >= 0; i--)
        {
            SetNewest(_undo[i].Node, _undo[i].Newest);
        }

        Release();
    }

    /// <summary>Puts all nodes in order that were added before the call. Ahead of whatever goes by order. Any thread.</summary>
    internal void Order()
    {
        if (Volatile.Read(ref _linked) == Volatile.Read(ref _count))
        {
            return;
        }

        lock (_linking)
        {
            int count = Volatile.Read(ref _count);
            int[] nodes = Volatile.Read(ref _nodes)[_linked..count];
            KeySort.Sort(this, nodes);
            foreach (int node in nodes)
            {
                Link(node);
            }

            Volatile.Write(ref _linked, count);
        }
    }

    /// <summary>The first node with a key that is not below; 0 when there is none.</summary>
    internal int FirstFrom(ReadOnlySpan<byte> key)
    {
        int before = MemoryArena.Nowhere;
        int next = MemoryArena.Nowhere;
        for (int level = Volatile.Read(ref _height) - 1; level >= 0; level--)
        {
            next = Next(before, level);
            while (next != MemoryArena.Nowhere && Key(next).SequenceCompareTo(key) < 0)
            {
                before = next;
                next = Next(before, level);
            }
        }

        return next;
    }

    /// <summary>The last node with a key below; 0 when there is none. Null: the last of all.</summary>
    internal int LastBelow(byte[]? key)
    {
        int before = MemoryArena.Nowhere;
        for (int level = Volatile.Read(ref _height) - 1; level >= 0; level--)
        {
            int next;
            while ((next = Next(before, level)) != MemoryArena.Nowhere && (key is null || Key(next).SequenceCompareTo(key) < 0))
            {
                before = next;
            }
        }

        return before;
    }

    /// <summary>The node after one; the first for 0.</summary>
    internal int After(int node) => Next(node, 0);

    /// <summary>A node's key.</summary>
    internal ReadOnlySpan<byte> Key(int node) => _arena.At(node + LinksAt + (_arena.Ref<int>(node + HeightAt) * sizeof(int)), _arena.Ref<int>(node + LengthAt));

    /// <summary>A node's version as of an applied index.</summary>
    internal bool TryVersion(int node, ulong asOf, out MemRow row)
    {
        for (int version = Newest(node); version != MemoryArena.Nowhere; version = _arena.Ref<MemRow.Header>(version).Previous)
        {
            if (_arena.Ref<MemRow.Header>(version).Index <= asOf)
            {
                row = Row(version);
                return true;
            }
        }

        row = default;
        return false;
    }

    /// <summary>Whether the file has a row of a node's key, all tables below being in it.</summary>
    internal bool IsInFile(int node) => _arena.Ref<int>(node + InFileAt) != 0;

    /// <summary>Adds the node of a key, which is in order only later.</summary>
    private int Add(ReadOnlySpan<byte> key, ulong hash)
    {
        int height = DrawHeight();
        int node = _arena.Allocate(LinksAt + (height * sizeof(int)) + key.Length);
        _arena.Ref<int>(node + NewestAt) = MemoryArena.Nowhere;
        _arena.Ref<int>(node + LengthAt) = key.Length;
        _arena.Ref<int>(node + HeightAt) = height;
        key.CopyTo(_arena.At(node + LinksAt + (height * sizeof(int)), key.Length));
        _index.Add(node, hash);
        if (_count == _nodes.Length)
        {
            int[] more = new int[_count * 2];
            _nodes.CopyTo(more, 0);
            Volatile.Write(ref _nodes, more);
        }

        _nodes[_count] = node;
        Volatile.Write(ref _count, _count + 1);
        return node;
    }

    /// <summary>Looks for what stands before a key on every level. Where keys come in order most of it is what it was.</summary>
    private void Locate(ReadOnlySpan<byte> key)
    {
        int before = _before[0];
        if (before != MemoryArena.Nowhere && Key(before).SequenceCompareTo(key) < 0 && IsBeyond(Next(before, 0), key))
        {
            return;
        }

        before = MemoryArena.Nowhere;
        for (int level = _height - 1; level >= 0; level--)
        {
            int next;
            while ((next = Next(before, level)) != MemoryArena.Nowhere && Key(next).SequenceCompareTo(key) < 0)
            {
                before = next;
            }

            _before[level] = before;
        }
    }

    private bool IsBeyond(int node, ReadOnlySpan<byte> key) => node == MemoryArena.Nowhere || Key(node).SequenceCompareTo(key) > 0;

    /// <summary>Links a node into the list.</summary>
    private void Link(int node)
    {
        Locate(Key(node));
        int height = _arena.Ref<int>(node + HeightAt);
        for (int level = 0; level < height; level++)
        {
            _arena.Ref<int>(node + LinksAt + (level * sizeof(int))) = Next(_before[level], level);
        }

        // From the lowest level up, and after all else: who finds the node by any link finds all of it.
        for (int level = 0; level < height; level++)
        {
            Volatile.Write(ref Link(_before[level], level), node);
            _before[level] = node;
        }

        if (height > _height)
        {
            Volatile.Write(ref _height, height);
        }
    }

    /// <summary>One in four nodes is higher than its neighbour by a level.</summary>
    private int DrawHeight()
    {
        _random ^= _random << 13;
        _random ^= _random >> 7;
        _random ^= _random << 17;
        int height = 1 + (System.Numerics.BitOperations.TrailingZeroCount(_random | (1UL << 62)) / 2);
        return Math.Min(height, MaxHeight);
    }

    private void SetNewest(int node, int version)
    {
        ref int newest = ref _arena.Ref<int>(node + NewestAt);
        long before = newest == MemoryArena.Nowhere ? 0 : _arena.Ref<MemRow.Header>(newest).Expiry;
        long after = version == MemoryArena.Nowhere ? 0 : _arena.Ref<MemRow.Header>(version).Expiry;
        if (before != after)
        {
            Expiring.Move(Key(node), before, after);
        }

        Volatile.Write(ref newest, version);
    }

    private int Newest(int node) => Volatile.Read(ref _arena.Ref<int>(node + NewestAt));

    private int Next(int node, int level) => Volatile.Read(ref Link(node, level));

    private ref int Link(int node, int level)
    {
        if (node == MemoryArena.Nowhere)
        {
            return ref _first[level];
        }

        return ref _arena.Ref<int>(node + LinksAt + (level * sizeof(int)));
    }

    private MemRow Row(int version) => new(version, _arena.Ref<MemRow.Header>(version));
}
