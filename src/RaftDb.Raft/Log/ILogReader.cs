namespace RaftDb.Raft.Log;

/// <summary>Reads entries that are durable and no longer in the node's memory: the edge between the log and the disk.</summary>
public interface ILogReader
{
    /// <summary>Adds entries <paramref name="from"/>, <paramref name="from"/>+1, … up to and including
    /// <paramref name="to"/> to <paramref name="into"/>, stopping early once <paramref name="maxBytes"/> is reached; at
    /// least one entry is added. All of them must be retained and durable.</summary>
    void Read(LogIndex from, LogIndex to, int maxBytes, List<Entry> into);
}
