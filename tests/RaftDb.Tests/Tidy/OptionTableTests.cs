using System.Globalization;
using System.Reflection;
using RaftDb.Server.Options;

namespace RaftDb.Tests.Tidy;

/// <summary>docs/operations.md lists every option with its default, and none that doesn't exist.</summary>
public sealed class OptionTableTests
{
    private const string Document = "docs/operations.md";

    [Test]
    public void Every_option_is_documented_with_its_default()
    {
        string[] expected = [.. Options().Select(option => $"| `{option.Name}` | `{option.Default}` |")];
        string[] actual = [.. Rows()];
        Assert.That(expected, Has.Length.GreaterThan(50));
        Assert.That(
            actual.Order(StringComparer.Ordinal),
            Is.EqualTo(expected.Order(StringComparer.Ordinal)),
            $"The option tables of {Document} must have one row for each option, beginning with its name and default as they are in the code.");
    }

    private static IEnumerable<string> Rows() =>
        Repository.Texts.Single(file => file.Path == Document).Lines
            .Where(line => line.StartsWith("| `", StringComparison.Ordinal) && line.IndexOf(':') is > 0 and var colon && colon < line.IndexOf('`', 3))
            .Select(line => line[..(line.IndexOf('|', line.IndexOf('|', 1) + 1) + 1)]);

    private static IEnumerable<(string Name, string Default)> Options()
    {
        NodeOptions defaults = new();
        foreach (PropertyInfo section in typeof(NodeOptions).GetProperties().Where(property => property.CanWrite))
        {
            foreach (PropertyInfo option in section.PropertyType.GetProperties().Where(property => property.CanWrite && !property.PropertyType.IsAssignableTo(typeof(Delegate))))
            {
                yield return ($"{section.Name}:{option.Name}", Text(option.GetValue(section.GetValue(defaults))));
            }
        }
    }

    private static string Text(object? value) => value switch
    {
        null or "" => "none",
        bool flag => flag ? "true" : "false",
        TimeSpan { Ticks: var ticks } when ticks % TimeSpan.TicksPerMinute == 0 && ticks > 0 => $"{ticks / TimeSpan.TicksPerMinute}m",
        TimeSpan { Ticks: var ticks } when ticks % TimeSpan.TicksPerSecond == 0 => $"{ticks / TimeSpan.TicksPerSecond}s",
        TimeSpan { Ticks: var ticks } => $"{ticks / TimeSpan.TicksPerMillisecond}ms",
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        _ => value.ToString()!,
    };
}
