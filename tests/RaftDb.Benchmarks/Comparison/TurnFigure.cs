namespace RaftDb.Benchmarks.Comparison;

/// <summary>One load of a turn.</summary>
/// <param name="System">With its variant.</param>
/// <param name="Figures">Null: it failed.</param>
/// <param name="Failed">How.</param>
internal sealed record TurnFigure(string System, Load Load, LoadFigures? Figures, string? Failed);
