namespace RaftDb.Storage.Binlog.Format;

/// <summary>What a record says. The numbers are part of the format.</summary>
internal enum RecordType : byte
{
    /// <summary>Heads a batch: sequence number, what was synced before it, the first segment still needed. Without records: a mark.</summary>
    Batch = 1,

    /// <summary>One entry after the last one.</summary>
    Entry = 2,

    /// <summary>The full hard state, with the last entry's position.</summary>
    HardState = 3,

    /// <summary>The log ends at this position; what followed is void for good.</summary>
    Truncate = 4,

    /// <summary>A mirrored checkpoint of the state machine, and the new floor.</summary>
    Checkpoint = 5,

    /// <summary>A new replica.</summary>
    Create = 6,

    /// <summary>An installed snapshot: the log starts anew behind it.</summary>
    Install = 7,

    /// <summary>The replica is gone for good.</summary>
    Tombstone = 8,

    /// <summary>The replica is known to be damaged.</summary>
    Suspect = 9,

    /// <summary>A process opened the log: session number, durability, boot id.</summary>
    Session = 10,

    /// <summary>All small state of a replica, written again so that an old segment can go.</summary>
    ReplicaState = 11,

    /// <summary>A live entry, written again so that an old segment can go. Never implies truncation.</summary>
    RelocatedEntry = 12,
}
