namespace RaftDb.Storage.StateMachines.Changes;

/// <summary>What is kept of changes, in what they take.</summary>
/// <param name="Since">Entries after this have their changes kept.</param>
/// <param name="Until">For how long more, in milliseconds of log time; 0 = nothing is kept.</param>
/// <param name="Entries">How many entries.</param>
/// <param name="Bytes">What they take.</param>
internal record struct KeptChanges(ulong Since, long Until, long Entries, long Bytes);

/// <summary>The kept changes of one range, inside a transaction that somebody else begins and ends. Used by the thread that applies.</summary>
internal interface IChangeTable
{
    /// <summary>What is kept.</summary>
    KeptChanges Load();

    /// <summary>Stores since when and until when changes are kept.</summary>
    void Store(ulong since, long until);

    /// <summary>Adds the changes of an entry.</summary>
    void Add(ulong index, ReadOnlySpan<byte> changes);

    /// <summary>Drops the oldest entries, so many, and returns the last one of them.</summary>
    ulong DropOldest(long entries);

    /// <summary>Drops everything.</summary>
    void Clear();
}
