namespace RaftDb.Benchmarks.Comparison;

/// <summary>Everything that a comparison found.</summary>
/// <param name="Versions">Version and options by system.</param>
/// <param name="Missing">Systems that were left out, and why.</param>
/// <param name="Failed">What could not be measured, and why.</param>
internal sealed record ComparisonResult(
    MachineDescription Machine,
    IReadOnlyDictionary<string, string> Versions,
    IReadOnlyList<string> Missing,
    IReadOnlyList<string> Failed,
    IReadOnlyList<Measured> Loads,
    IReadOnlyList<FailureFigures> Failures,
    ComparisonSettings Settings);
