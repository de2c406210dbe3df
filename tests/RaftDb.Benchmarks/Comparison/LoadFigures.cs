namespace RaftDb.Benchmarks.Comparison;

/// <summary>What a load's clients saw, and what it cost the servers meanwhile.</summary>
internal sealed record LoadFigures
{
    public required double OpsPerSecond { get; init; }

    public required long Errors { get; init; }

    /// <summary>Operations that the servers were put through, those of the warm-up with the measured rate included.</summary>
    public required double Driven { get; init; }

    public required double P50Ms { get; init; }

    public required double P99Ms { get; init; }

    /// <summary>Null where the system's load generator doesn't tell it.</summary>
    public double? P999Ms { get; init; }

    /// <summary>Longest time without any answer.</summary>
    public double? LongestGapMs { get; init; }

    /// <summary>Processor seconds of all servers for 1,000 operations, warm-up included.</summary>
    public double? ServerCpuPerThousand { get; init; }

    /// <summary>Resident memory of the largest server, in bytes.</summary>
    public long? MemoryBytes { get; init; }

    /// <summary>Bytes that a server wrote to disk, on average, for each byte of key and value put.</summary>
    public double? WrittenPerByte { get; init; }
}
