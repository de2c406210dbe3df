using System.Globalization;

namespace RaftDb.Cli;

/// <summary>Durations as people write them: 500ms, 30s, 5m, 2h.</summary>
internal static class Duration
{
    private static readonly (string Suffix, double Milliseconds)[] Units = [("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000)];

    public static bool TryParse(string text, out TimeSpan duration)
    {
        duration = default;
        foreach ((string suffix, double milliseconds) in Units)
        {
            if (text.EndsWith(suffix, StringComparison.Ordinal)
                && double.TryParse(text.AsSpan(0, text.Length - suffix.Length), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double number))
            {
                double total = number * milliseconds;
                if (total is <= 0 or > 3.15e12)
                {
                    return false;
                }

                duration = TimeSpan.FromMilliseconds(total);
                return true;
            }
        }

        return false;
    }

    public static TimeSpan? Parse(string option, string? text)
    {
        if (text is null)
        {
            return null;
        }

        return TryParse(text, out TimeSpan duration)
            ? duration
            : throw new UsageException($"{option}: '{text}' is not a duration. Write it like 500ms, 30s, 5m or 2h.");
    }
}
