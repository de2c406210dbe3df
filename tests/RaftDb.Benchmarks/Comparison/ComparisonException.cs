namespace RaftDb.Benchmarks.Comparison;

/// <summary>The comparison can't go on; the message says why.</summary>
internal sealed class ComparisonException(string message) : Exception(message);
