namespace RaftDb.Raft.Replication;

/// <summary>AppendEntries under way to one follower: bounds how far the leader runs ahead of its answers.</summary>
internal sealed class Inflights
{
    private readonly Queue<(LogIndex Last, long Bytes)> _messages = new();

    public int Count => _messages.Count;

    public long Bytes { get; private set; }

    public bool IsFull(RaftOptions options) =>
        Count >= options.MaxInflightMessages || Bytes >= options.MaxInflightBytes;

    public void Add(LogIndex last, long bytes)
    {
        _messages.Enqueue((last, bytes));
        Bytes += bytes;
    }

    /// <summary>Everything up to <paramref name="index"/> arrived.</summary>
    public void FreeTo(LogIndex index)
    {
        while (_messages.TryPeek(out (LogIndex Last, long Bytes) first) && first.Last <= index)
        {
            Bytes -= first.Bytes;
            _messages.Dequeue();
        }
    }

    public void Clear()
    {
        _messages.Clear();
        Bytes = 0;
    }
}
