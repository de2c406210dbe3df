namespace RaftDb.Storage.StateMachines;

/// <summary>Tunables of the state machines of a node.</summary>
public sealed record StateMachineOptions
{
    /// <summary>Page size of new state files. 8 KiB: rows of up to some 2,000 bytes fit into a page, where SQLite puts a part
    /// of those above 1,000 bytes into a page of its own with 4 KiB; and with random puts into a large
    /// range a layer changes nearly every page of either size, and half as many cost half the calls.</summary>
    public int PageBytes { get; init; } = 8192;

    /// <summary>Most memory of the writer's page cache, per range, taken only while a layer of the range is written. 32 MiB: in key order each page is needed once, but inner pages of the tree
    /// come back some thousand pages later, and SQLite reads and writes again all of the WAL behind a page that it had to write twice in one transaction.</summary>
    public int WriterCacheBytes { get; init; } = 32 << 20;

    /// <summary>Most memory of one reader's page cache. 1 MiB: SQLite drops it whenever the writer commits, so that more would seldom help.</summary>
    public int ReaderCacheBytes { get; init; } = 1 << 20;

    /// <summary>Memory of a range's newest changes at which they begin to be written to its file, in the background. 64 MiB: some 300,000 small writes, which a restart replays in a second where a process is
    /// killed under load. A range of several hundred MiB gathers more, up to a fourth of its data and a fourth of <see cref="LayerBytesOfAll"/>, so that each page is written for several of them. Up to three
    /// times as much is held while the disk does not keep up.</summary>
    public long LayerBytes { get; init; } = 64 << 20;

    /// <summary>Memory of the newest changes of all ranges of the node above which every range with more than 256 KiB writes its own. 0: a sixteenth of the machine's (or the container's), at least 256 MiB
    /// and at most 1 GiB.</summary>
    public long LayerBytesOfAll { get; init; }

    /// <summary>Memory of all ranges of the node for the newest version and size of rows, 24 bytes for each: a put into a range of more than 256 MiB then need not look its row up in the file. 0: a 64th of the
    /// machine's (or the container's) memory, at least 32 MiB and at most 512 MiB.</summary>
    public long RowFactsBytesOfAll { get; init; }

    /// <summary>Most memory of the page cache of the connection on which applies look up rows that are not in memory, per range. 8 MiB.</summary>
    public int ApplyCacheBytes { get; init; } = 8 << 20;

    /// <summary>Idle read connections kept per range. 4: readers of one range at the same instant are few; more are opened as needed and closed after use.</summary>
    public int MaxIdleReaders { get; init; } = 4;

    /// <summary>Pages that a snapshot copies between two looks at whether it was cancelled. 256: 1 MiB at a time.</summary>
    public int SnapshotStepPages { get; init; } = 256;

    /// <summary>What is left to write back at which a checkpoint stops making passes beside applies and asks for a moment between two. 1 MiB: a few
    /// milliseconds of writing.</summary>
    public long CheckpointPauseBytes { get; init; } = 1 << 20;

    /// <summary>Whether opening runs SQLite's quick_check over the whole file. Off: it reads everything; received snapshots are always checked.</summary>
    public bool CheckAtOpen { get; init; }

    /// <summary>A libsqlite3 to load instead of the bundled 3.35.5; null = the bundled one. One per process.</summary>
    public string? SqliteLibrary { get; init; }

    /// <summary>Most pages of a state file, 0 = as many as the disk holds: how tests fill a disk, and make room.</summary>
    internal int MaxPages { get; set; }

    /// <summary>How long a checkpoint that nobody waits for rests after each piece that it writes back: so many times as long as the piece took, and at most so long.</summary>
    internal (double Times, TimeSpan Longest) CheckpointRest { get; init; } = (24, TimeSpan.FromMilliseconds(100));

    /// <summary>Data of a range from which facts of its rows are kept: below that the file's pages are in caches anyway.</summary>
    internal long RowFactsFrom { get; init; } = 256 << 20;

    /// <summary>Slots of a piece of the memory for facts of rows.</summary>
    internal int RowFactsSegmentSlots { get; init; } = 1 << 15;

    /// <summary><see cref="RowFactsBytesOfAll"/>, or what it is by itself here.</summary>
    internal long MemoryOfRowFacts => GivenOrShare(RowFactsBytesOfAll, 64, 32 << 20, 512 << 20);

    /// <summary><see cref="LayerBytesOfAll"/>, or what it is by itself here.</summary>
    internal long MemoryOfLayers => GivenOrShare(LayerBytesOfAll, 16, 256 << 20, 1 << 30);

    /// <summary>Throws <see cref="ArgumentException"/> naming the option that makes no sense.</summary>
    public StateMachineOptions Validate()
    {
        Require(PageBytes is >= 512 and <= 65536 && int.IsPow2(PageBytes), nameof(PageBytes), "must be a power of two between 512 and 65536");
        Require(WriterCacheBytes >= 64 << 10, nameof(WriterCacheBytes), "must be at least 64 KiB");
        Require(ReaderCacheBytes >= 64 << 10, nameof(ReaderCacheBytes), "must be at least 64 KiB");
        Require(LayerBytes is >= 1 and <= 1 << 30, nameof(LayerBytes), "must be between 1 and 1 GiB");
        Require(LayerBytesOfAll >= 0, nameof(LayerBytesOfAll), "must not be negative");
        Require(RowFactsBytesOfAll >= 0, nameof(RowFactsBytesOfAll), "must not be negative");
        Require(ApplyCacheBytes >= 64 << 10, nameof(ApplyCacheBytes), "must be at least 64 KiB");
        Require(MaxIdleReaders >= 0, nameof(MaxIdleReaders), "must not be negative");
        Require(SnapshotStepPages >= 1, nameof(SnapshotStepPages), "must be positive");
        Require(CheckpointPauseBytes >= 0, nameof(CheckpointPauseBytes), "must not be negative");
        return this;
    }

    private static long GivenOrShare(long given, long part, long least, long most) =>
        given > 0 ? given : Math.Clamp(GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / part, least, most);

    private static void Require(bool holds, string option, string rule)
    {
        if (!holds)
        {
            throw new ArgumentException($"State machine option {option} {rule}.");
        }
    }
}
