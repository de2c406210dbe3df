namespace RaftDb.Cli.Bench.Engine;

/// <summary>One number of writers.</summary>
internal sealed record EngineRun
{
    public required int Writers { get; init; }

    /// <summary>Committed and applied in the measured time.</summary>
    public required long Entries { get; init; }

    public required double Seconds { get; init; }

    public double EntriesPerSecond => Math.Round(Entries / Seconds, 1);

    public required double P50Ms { get; init; }

    public required double P99Ms { get; init; }

    /// <summary>User and system time of all processes, the writers' own included, for each entry.</summary>
    public double CpuMicrosecondsPerEntry { get; init; }

    public required long Errors { get; init; }
}
