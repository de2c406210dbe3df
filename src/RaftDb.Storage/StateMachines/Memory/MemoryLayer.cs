namespace RaftDb.Storage.StateMachines.Memory;

/// <summary>All that consecutive entries have changed, in memory until it is in the file. The newest layer of a range takes what is applied; when it is full it is sealed, and written to the file in one
/// transaction.</summary>
internal sealed class MemoryLayer
{
    /// <summary>Its rows.</summary>
    public MemTable Rows { get; } = new();

    /// <summary>Its sessions.</summary>
    public SessionLayer Sessions { get; } = new();

    /// <summary>Its kept changes.</summary>
    public ChangeLayer Changes { get; } = new();

    /// <summary>Entries that were applied to it. Owned by the thread that applies.</summary>
    public int Entries { get; set; }

    /// <summary>What the state was after its last entry; null as long as it takes more.</summary>
    public StateMeta? End { get; set; }

    /// <summary>Memory that it holds, about.</summary>
    public long Bytes => Rows.Bytes + Sessions.Bytes + Changes.Bytes;
}
