using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace RaftDb.Storage.StateMachines.Memory;

/// <summary>Bytes that are only ever added, and go all at once: no object for the collector to look at but the chunks. One thread adds; any thread reads what it was told of in
/// an address that was published after the bytes were written.</summary>
internal sealed class MemoryArena
{
    /// <summary>No address.</summary>
    public const int Nowhere = 0;

    private const int OffsetBits = 20;
    private const int ChunkBytes = 1 << OffsetBits;
    private const int FirstChunkBytes = 4 << 10;
    private const int Alignment = 8;

    // An address is a chunk's number and an offset in it. A chunk larger than an offset can tell holds one piece, at its beginning.
    private byte[][] _chunks = new byte[4][];
    private int _count;
    private int _offset;

    /// <summary>Bytes taken from the machine.</summary>
    public long Bytes { get; private set; }

    /// <summary>Room for so many bytes, aligned to eight. Its content is undefined.</summary>
    public int Allocate(int bytes)
    {
        int aligned = (bytes + Alignment - 1) & -Alignment;
        if (_count == 0 || _offset + aligned > Math.Min(_chunks[_count - 1].Length, ChunkBytes))
        {
            AddChunk(aligned);
        }

        int address = ((_count - 1) << OffsetBits) | _offset;
        _offset += aligned;
        return address;
    }

    /// <summary>The bytes at an address.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Span<byte> At(int address, int length) => _chunks[address >>> OffsetBits].AsSpan(address & (ChunkBytes - 1), length);

    /// <summary>The number at an aligned address.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ref T Ref<T>(int address)
        where T : unmanaged =>
        ref Unsafe.As<byte, T>(ref Unsafe.Add(ref MemoryMarshal.GetArrayDataReference(_chunks[address >>> OffsetBits]), address & (ChunkBytes - 1)));

    private void AddChunk(int needed)
    {
        // Small at first: most ranges of a node are idle.
        int size = Math.Max(Math.Min(FirstChunkBytes << Math.Min(_count, 8), ChunkBytes), needed + Alignment);
        if (_count == _chunks.Length)
        {
            byte[][] more = new byte[_count * 2][];
            _chunks.CopyTo(more, 0);
            Volatile.Write(ref _chunks, more);
        }

        _chunks[_count++] = GC.AllocateUninitializedArray<byte>(size);
        Bytes += size;

        // So that no address is zero.
        _offset = _count == 1 ? Alignment : 0;
    }
}
