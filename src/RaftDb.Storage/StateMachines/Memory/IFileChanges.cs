using RaftDb.Storage.StateMachines.Changes;

namespace RaftDb.Storage.StateMachines.Memory;

/// <summary>The kept changes below all layers in memory: those of the file.</summary>
internal interface IFileChanges
{
    /// <summary>Since when and until when changes are kept, unmeasured.</summary>
    KeptChanges Kept();

    /// <summary>Measures the entries after an index.</summary>
    (long Entries, long Bytes) Measure(ulong after);

    /// <summary>The index of an entry after an index, counted from 0; there are as many.</summary>
    ulong IndexAt(ulong after, long place);
}
