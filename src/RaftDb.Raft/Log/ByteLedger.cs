namespace RaftDb.Raft.Log;

/// <summary>Counts the bytes of entries that are under way (uncommitted, or being applied), by batches in log order. A batch
/// counts until all of it is through.</summary>
internal sealed class ByteLedger
{
    private readonly Queue<(LogIndex Last, long Bytes)> _batches = new();

    public long Bytes { get; private set; }

    public void Add(LogIndex last, long bytes)
    {
        _batches.Enqueue((last, bytes));
        Bytes += bytes;
    }

    public void Release(LogIndex upTo)
    {
        while (_batches.TryPeek(out (LogIndex Last, long Bytes) batch) && batch.Last <= upTo)
        {
            Bytes -= batch.Bytes;
            _batches.Dequeue();
        }
    }

    public void Clear()
    {
        _batches.Clear();
        Bytes = 0;
    }
}
