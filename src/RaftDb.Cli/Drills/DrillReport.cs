namespace RaftDb.Cli.Drills;

/// <summary>What a drill found, as --json prints it.</summary>
internal sealed record DrillReport
{
    public required string Drill { get; init; }

    public required bool Passed { get; init; }

    public required long Acknowledged { get; init; }

    public required long Lost { get; init; }

    public required long Unknown { get; init; }

    public required long UnknownPresent { get; init; }

    public required long UnknownAbsent { get; init; }

    public required long Refused { get; init; }

    public required int Rounds { get; init; }

    public required GapSummary? GapMs { get; init; }

    public required int LeaderChanges { get; init; }

    public required int Nodes { get; init; }

    public required int Writers { get; init; }

    public required int Ranges { get; init; }

    public required double Seconds { get; init; }

    public required string Promise { get; init; }

    /// <summary>What the writers were told, by code.</summary>
    public required IReadOnlyDictionary<string, long> Errors { get; init; }

    public required IReadOnlyDictionary<string, double> Measured { get; init; }

    /// <summary>Why it did not pass.</summary>
    public required IReadOnlyList<string> Failures { get; init; }
}

/// <summary>The gaps, over all rounds and ranges.</summary>
internal sealed record GapSummary(double Median, double Max, int Count);
