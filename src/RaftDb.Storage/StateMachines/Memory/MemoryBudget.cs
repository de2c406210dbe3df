namespace RaftDb.Storage.StateMachines.Memory;

/// <summary>What things of one kind of all ranges of a node may take together. Thread-safe.</summary>
internal sealed class MemoryBudget(long bytes)
{
    private long _used;

    /// <summary>What there may be.</summary>
    public long Bytes => bytes;

    /// <summary>Bytes in use.</summary>
    public long Used => Volatile.Read(ref _used);

    /// <summary>Whether more is in use than there should be: whoever has some to spare writes it to its file.</summary>
    public bool IsExceeded => Used > bytes;

    /// <summary>Takes more if there may be so much; false when not.</summary>
    public bool TryTake(long more)
    {
        if (Interlocked.Add(ref _used, more) <= bytes)
        {
            return true;
        }

        Take(-more);
        return false;
    }

    /// <summary>Takes more, or gives back.</summary>
    public void Take(long more) => Interlocked.Add(ref _used, more);
}
