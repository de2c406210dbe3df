namespace RaftDb.Benchmarks.Comparison;

/// <summary>What a load's clients saw, and what it cost the servers meanwhile. Null: the system's load generator doesn't tell it, or it has no meaning here.</summary>
internal sealed record LoadFigures
{
    public required double OpsPerSecond { get; init; }

    public required long Errors { get; init; }

    /// <summary>Operations that the servers were put through, those of the warm-up with the measured rate included.</summary>
    public required double Driven { get; init; }

    public double? P50Ms { get; init; }

    public double? P99Ms { get; init; }

    public double? P999Ms { get; init; }

    /// <summary>Longest time without any answer.</summary>
    public double? LongestGapMs { get; init; }

    /// <summary>Processor seconds of all servers for 1,000 operations, warm-up included.</summary>
    public double? ServerCpuPerThousand { get; init; }

    /// <summary>Memory of the largest server after the load, in bytes: its share of every page, files that it maps included.</summary>
    public long? MemoryBytes { get; init; }

    /// <summary>What of that is not a file's.</summary>
    public long? AnonymousBytes { get; init; }

    /// <summary>Bytes that a server wrote to disk, on average, for each byte of key and value put.</summary>
    public double? WrittenPerByte { get; init; }
}
