namespace RaftDb.Benchmarks.Comparison;

/// <summary>What nodes that die and come back cost, in one round. Null: it failed, and <see cref="Failed"/> says how.</summary>
internal sealed record FailureFigures
{
    public required string System { get; init; }

    /// <summary>Longest time without an acknowledged put of 16 clients around kill -9 of the leader.</summary>
    public double? FailoverGapMs { get; init; }

    /// <summary>From the restart of a node that missed writes until it has applied them.</summary>
    public double? CatchUpSeconds { get; init; }

    /// <summary>From the restart of a killed node until it says how much it has applied, no less than the leader.</summary>
    public double? RestartSeconds { get; init; }

    public required int MissedWrites { get; init; }

    public required int Keys { get; init; }

    public IReadOnlyList<string> Failed { get; init; } = [];
}
