namespace RaftDb.Storage.Binlog;

/// <summary>What an acknowledgement of an entry means.</summary>
public enum Durability : byte
{
    /// <summary>On stable storage (fdatasync).</summary>
    Fsync = 0,

    /// <summary>Handed to the operating system; terms and votes are synced all the same.</summary>
    Os = 1,
}

/// <summary>Tunables of the binlog.</summary>
public sealed record BinlogOptions
{
    /// <summary>Size of a segment file in bytes. 64 MiB: few files, quick to preallocate and to scan.</summary>
    public long SegmentBytes { get; init; } = 64L << 20;

    /// <summary>See <see cref="Binlog.Durability"/>.</summary>
    public Durability Durability { get; init; } = Durability.Fsync;

    /// <summary>Most bytes gathered into one write and sync. 4 MiB: large enough to share a sync among thousands of entries.</summary>
    public int MaxBatchBytes { get; init; } = 4 << 20;

    /// <summary>Most bytes queued for the writer; more makes appenders' leaders refuse proposals.</summary>
    public long MaxQueuedBytes { get; init; } = 256L << 20;

    /// <summary>Entries kept per range behind its durable applied index for followers that were away.</summary>
    public ulong RetainedEntries { get; init; } = 1_000_000;

    /// <summary>Bytes kept per range behind its durable applied index.</summary>
    public long RetainedBytes { get; init; } = 512L << 20;

    /// <summary>Segments kept for reuse instead of being deleted.</summary>
    public int RecycledSegments { get; init; } = 2;

    /// <summary>Whether the log has threads of its own. Without, whoever owns it calls <see cref="NodeBinlog.Drive"/> (the simulator, on one thread).</summary>
    internal bool OwnThreads { get; init; } = true;

    /// <summary>How long after its start a write is still expected to be over soon, so that more may wait for its end. Most syncs take a fraction of it.</summary>
    internal TimeSpan BusyFor { get; init; } = TimeSpan.FromMilliseconds(3);

    /// <summary>The id of this run of the machine; null = ask the operating system. Given by tests and the simulator.</summary>
    internal Guid? BootId { get; init; }

    /// <summary>Throws <see cref="ArgumentException"/> naming the option that makes no sense.</summary>
    public BinlogOptions Validate()
    {
        Require(SegmentBytes is >= 64 << 10 and <= 1L << 30, nameof(SegmentBytes), "must be between 64 KiB and 1 GiB");
        Require(MaxBatchBytes > 0, nameof(MaxBatchBytes), "must be positive");
        Require(MaxQueuedBytes >= MaxBatchBytes, nameof(MaxQueuedBytes), "must hold one batch");
        Require(RetainedBytes >= 0, nameof(RetainedBytes), "must not be negative");
        Require(RecycledSegments >= 0, nameof(RecycledSegments), "must not be negative");
        return this;
    }

    private static void Require(bool holds, string option, string rule)
    {
        if (!holds)
        {
            throw new ArgumentException($"Binlog option {option} {rule}.");
        }
    }
}
