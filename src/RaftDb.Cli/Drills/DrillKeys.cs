using System.Globalization;

namespace RaftDb.Cli.Drills;

/// <summary>The keys and values of a drill: both tell writer and sequence, so nothing can be mistaken for something else.</summary>
internal static class DrillKeys
{
    public const string Prefix = "w";

    public static string Key(int writer, int sequence) => string.Create(CultureInfo.InvariantCulture, $"w{writer:000}-{sequence:00000000}");

    public static string Value(int writer, int sequence) => string.Create(CultureInfo.InvariantCulture, $"value {sequence} of writer {writer}");

    /// <summary>A register beside a writer's keys, in the same range.</summary>
    public static string Register(int writer, int number) => string.Create(CultureInfo.InvariantCulture, $"w{writer:000}.{number:000}.register");

    public static bool IsRegister(string key) => key.EndsWith(".register", StringComparison.Ordinal);

    /// <summary>Where the ranges begin, so that the writers spread over them evenly.</summary>
    public static IReadOnlyList<string> SplitKeys(int writers, int ranges) =>
        [.. Enumerable.Range(1, ranges - 1).Select(range => string.Create(CultureInfo.InvariantCulture, $"w{range * writers / ranges:000}"))];

    public static bool TryParse(string key, out int writer, out int sequence)
    {
        writer = sequence = 0;
        return key.Length == 13 && key[0] == 'w' && key[4] == '-'
            && int.TryParse(key.AsSpan(1, 3), NumberStyles.None, CultureInfo.InvariantCulture, out writer)
            && int.TryParse(key.AsSpan(5), NumberStyles.None, CultureInfo.InvariantCulture, out sequence);
    }
}
