namespace RaftDb.Benchmarks.Comparison;

/// <summary>One load on one system, all rounds.</summary>
/// <param name="System">With its variant.</param>
/// <param name="Rounds">Those that gave figures.</param>
/// <param name="Failures">What went wrong in those that gave none.</param>
internal sealed record Measured(string System, Load Load, IReadOnlyList<LoadFigures> Rounds, IReadOnlyList<string> Failures)
{
    public double Median(Func<LoadFigures, double> figure) => MedianOf(Rounds.Select(figure)) ?? 0;

    public double? Median(Func<LoadFigures, double?> figure) => MedianOf(Rounds.Select(figure).OfType<double>());

    /// <summary>Half the distance between the best and the worst round, as a share of the median.</summary>
    public double Spread(Func<LoadFigures, double> figure) =>
        Median(figure) is > 0 and double median ? (Rounds.Max(figure) - Rounds.Min(figure)) / 2 / median : 0;

    public static double? MedianOf(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return sorted.Length == 0 ? null : (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }
}
