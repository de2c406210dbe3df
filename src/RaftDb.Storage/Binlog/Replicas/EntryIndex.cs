using RaftDb.Raft;

namespace RaftDb.Storage.Binlog.Replicas;

/// <summary>Where each retained entry stands: eight bytes per entry in chunks, so that a million entries are eight megabytes and an idle range next to nothing.
/// 0 = not there (never written, or known to be damaged).</summary>
internal sealed class EntryIndex
{
    private const int Shift = 7;
    private const int ChunkSize = 1 << Shift;
    private readonly List<Chunk?> _chunks = [];
    private ulong _firstChunk;

    public ulong this[ulong index] =>
        Find(index) is { } chunk ? chunk.Slots[index & (ChunkSize - 1)] : 0;

    /// <summary>Sets a slot and returns what was there.</summary>
    public ulong Set(ulong index, ulong position, int bytes)
    {
        Chunk chunk = FindOrAdd(index >> Shift);
        ref ulong slot = ref chunk.Slots[index & (ChunkSize - 1)];
        ulong was = slot;
        slot = position;
        if (was == 0)
        {
            chunk.Used++;
            chunk.Bytes += bytes;
        }

        return was;
    }

    /// <summary>Empties the slots [from, to] and tells the position of each that was not empty.</summary>
    public void Clear(ulong from, ulong to, Action<ulong> gone)
    {
        for (ulong index = from; index <= to;)
        {
            ulong chunkEnd = index | (ChunkSize - 1);
            ulong end = Math.Min(to, chunkEnd);
            if (Find(index) is { } chunk)
            {
                for (ulong i = index; i <= end; i++)
                {
                    ref ulong slot = ref chunk.Slots[i & (ChunkSize - 1)];
                    if (slot != 0)
                    {
                        gone(slot);
                        slot = 0;
                        chunk.Bytes -= chunk.Bytes / chunk.Used;
                        chunk.Used--;
                    }
                }

                if (chunk.Used == 0)
                {
                    _chunks[(int)((index >> Shift) - _firstChunk)] = null;
                }
            }

            index = end + 1;
        }

        DropEmptyEnds();
    }

    /// <summary>Bytes of the entries (after, to], to the precision of a chunk, walked from the end until <paramref name="limit"/> is passed: answers the lowest index
    /// after which at most that many bytes stand.</summary>
    public ulong IndexWithBytesAfter(ulong after, ulong to, long limit)
    {
        long total = 0;
        ulong at = to;
        while (at > after)
        {
            ulong chunkStart = at & ~(ulong)(ChunkSize - 1);
            ulong below = Math.Max(after, chunkStart == 0 ? 0 : chunkStart - 1);
            if (Find(at) is { Used: > 0 } chunk)
            {
                total += chunk.Bytes * (long)(at - below) / Math.Max(chunk.Used, (int)(at - below));
            }

            if (total > limit)
            {
                return at;
            }

            at = below;
        }

        return after;
    }

    private Chunk? Find(ulong index)
    {
        ulong number = index >> Shift;
        return number < _firstChunk || number - _firstChunk >= (ulong)_chunks.Count ? null : _chunks[(int)(number - _firstChunk)];
    }

    private Chunk FindOrAdd(ulong number)
    {
        if (_chunks.Count == 0)
        {
            _firstChunk = number;
        }

        Check.That(
            number + (1 << 24) > _firstChunk && number < _firstChunk + (1 << 24), $"chunk {number} is far from the first, {_firstChunk}.");
        if (number < _firstChunk)
        {
            _chunks.InsertRange(0, new Chunk?[(int)(_firstChunk - number)]);
            _firstChunk = number;
        }

        int at = (int)(number - _firstChunk);
        while (_chunks.Count <= at)
        {
            _chunks.Add(null);
        }

        return _chunks[at] ??= new Chunk();
    }

    private void DropEmptyEnds()
    {
        int front = 0;
        while (front < _chunks.Count && _chunks[front] is null)
        {
            front++;
        }

        _chunks.RemoveRange(0, front);
        _firstChunk += (ulong)front;
        while (_chunks.Count > 0 && _chunks[^1] is null)
        {
            _chunks.RemoveAt(_chunks.Count - 1);
        }
    }

    private sealed class Chunk
    {
        public readonly ulong[] Slots = new ulong[ChunkSize];
        public int Used;
        public long Bytes;
    }
}
