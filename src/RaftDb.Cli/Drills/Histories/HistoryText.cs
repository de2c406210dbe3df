using System.Globalization;

namespace RaftDb.Cli.Drills.Histories;

/// <summary>A key's history as lines for people, by the time of asking.</summary>
internal static class HistoryText
{
    /// <param name="operations">The key's operations.</param>
    /// <param name="ticksPerMillisecond">What the history's clock counts.</param>
    public static IEnumerable<string> Lines(IReadOnlyList<Operation> operations, double ticksPerMillisecond)
    {
        long start = operations.Count == 0 ? 0 : operations.Min(one => one.Invoked);
        foreach (Operation operation in operations.OrderBy(one => one.Invoked).ThenBy(one => one.Responded))
        {
            string end = operation.Responded == Operation.Open ? "      open" : Text((operation.Responded - start) / ticksPerMillisecond);
            yield return $"{Text((operation.Invoked - start) / ticksPerMillisecond)} {end} ms  {operation}";
        }
    }

    private static string Text(double milliseconds) => milliseconds.ToString("0.000", CultureInfo.InvariantCulture).PadLeft(10);
}
