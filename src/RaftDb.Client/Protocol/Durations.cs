using System.Globalization;

namespace RaftDb.Client.Protocol;

/// <summary>Durations as text: a whole number and a unit, <c>500ms</c>, <c>30s</c>, <c>5m</c> or <c>2h</c>.</summary>
public static class Durations
{
    /// <summary>What a refusal tells.</summary>
    public const string Expected = "a whole number and a unit: 500ms, 30s, 5m or 2h";

    /// <summary>Reads a duration; false when it is not one, or longer than a thousand years.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out TimeSpan duration)
    {
        duration = default;
        int digits = 0;
        while (digits < text.Length && char.IsAsciiDigit(text[digits]))
        {
            digits++;
        }

        long unit = text[digits..] switch
        {
            "ms" => TimeSpan.TicksPerMillisecond,
            "s" => TimeSpan.TicksPerSecond,
            "m" => TimeSpan.TicksPerMinute,
            "h" => TimeSpan.TicksPerHour,
            _ => 0,
        };

        if (unit == 0
            || !long.TryParse(text[..digits], NumberStyles.None, CultureInfo.InvariantCulture, out long count)
            || count > TimeSpan.FromDays(365_000).Ticks / unit)
        {
            return false;
        }

        duration = new(count * unit);
        return true;
    }

    /// <summary>The text of a duration, in the largest unit that divides it; below a millisecond it is rounded up.</summary>
    public static string Format(TimeSpan duration)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(duration, TimeSpan.Zero);
        long milliseconds = (duration.Ticks + TimeSpan.TicksPerMillisecond - 1) / TimeSpan.TicksPerMillisecond;
        return milliseconds switch
        {
            0 => "0ms",
            _ when milliseconds % 3_600_000 == 0 => string.Create(CultureInfo.InvariantCulture, $"{milliseconds / 3_600_000}h"),
            _ when milliseconds % 60_000 == 0 => string.Create(CultureInfo.InvariantCulture, $"{milliseconds / 60_000}m"),
            _ when milliseconds % 1_000 == 0 => string.Create(CultureInfo.InvariantCulture, $"{milliseconds / 1_000}s"),
            _ => string.Create(CultureInfo.InvariantCulture, $"{milliseconds}ms"),
        };
    }
}
