using RaftDb.Storage.StateMachines.Changes;

namespace RaftDb.Storage.StateMachines.Memory;

/// <summary>What a range's applied entries have added to its kept changes since the last layer was sealed, and what they dropped. One thread writes; any thread reads
/// <see cref="Content"/>.</summary>
internal sealed class ChangeLayer
{
    /// <summary>What an entry's changes take beside their bytes, about.</summary>
    private const int Overhead = 64;

    private KeptEntry[] _added = [];
    private int _count;
    private Snapshot _content = new(default, 0, null);

    /// <summary>Memory that it holds, about.</summary>
    public long Bytes { get; private set; }

    /// <summary>All of it, as it is now.</summary>
    public Snapshot Content => Volatile.Read(ref _content);

    /// <summary>Stores since when and until when changes are kept.</summary>
    public void Store(ulong since, long until) => Publish(_content.Dropped, new(since, until, 0, 0));

    /// <summary>Adds the changes of an entry.</summary>
    public void Add(ulong index, ReadOnlySpan<byte> changes)
    {
        if (_count == _added.Length)
        {
            Array.Resize(ref _added, Math.Max(16, _count * 2));
        }

        _added[_count++] = new(index, changes.ToArray());
        Bytes += changes.Length + Overhead;
        Publish(_content.Dropped, _content.Kept);
    }

    /// <summary>Drops entries up to an index, here and in all layers under this one.</summary>
    public void Drop(ulong through)
    {
        // Into a new array: others may be reading the old one.
        _added = Array.FindAll(_added[.._count], e => e.Index > through);
        _count = _added.Length;
        Bytes = _added.Sum(e => (long)e.Changes.Length + Overhead);
        Publish(Math.Max(_content.Dropped, through), _content.Kept);
    }

    private void Publish(ulong dropped, KeptChanges? kept) => Volatile.Write(ref _content, new(_added.AsMemory(0, _count), dropped, kept));

    /// <summary>The changes of one entry.</summary>
    internal readonly record struct KeptEntry(ulong Index, byte[] Changes);

    /// <summary>A layer as it was at one moment.</summary>
    /// <param name="Added">The entries that came and stayed, in the order of the log.</param>
    /// <param name="Dropped">Entries up to this are gone from all layers under this one.</param>
    /// <param name="Kept">Since when and until when changes are kept; null when that did not change here.</param>
    internal sealed record Snapshot(ReadOnlyMemory<KeptEntry> Added, ulong Dropped, KeptChanges? Kept);
}
