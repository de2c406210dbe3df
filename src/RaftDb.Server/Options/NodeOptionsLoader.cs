using System.Collections;
using System.Globalization;
using System.Reflection;
using Microsoft.Extensions.Configuration;

namespace RaftDb.Server.Options;

/// <summary>Puts options together: defaults, then the file, then the environment (RAFTDB_Section__Key), then the command line; the later wins. Unknown names are
/// errors, not silence.</summary>
internal static class NodeOptionsLoader
{
    private const string Prefix = "RAFTDB_";

    /// <summary>Loads and validates.</summary>
    /// <param name="file">A JSON file of sections, or null.</param>
    /// <param name="commandLine">Section:Key=Value settings, in order.</param>
    public static NodeOptions Load(string? file, IEnumerable<KeyValuePair<string, string>> commandLine)
    {
        NodeOptions options = new();
        if (file is not null)
        {
            foreach ((string name, string value) in FromFile(file))
            {
                Set(options, name, value, $"file {file}");
            }
        }

        foreach (DictionaryEntry variable in Environment.GetEnvironmentVariables())
        {
            string name = (string)variable.Key;
            if (name.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase) && name.Contains("__", StringComparison.Ordinal))
            {
                Set(options, name[Prefix.Length..].Replace("__", ":", StringComparison.Ordinal), (string)variable.Value!, $"environment variable {name}");
            }
        }

        foreach ((string name, string value) in commandLine)
        {
            Set(options, name, value, "the command line");
        }

        return options.Validate();
    }

    /// <summary>500ms, 30s, 5m, 2h; a number alone is refused, for nobody knows its unit.</summary>
    public static bool TryParseDuration(string text, out TimeSpan duration)
    {
        (string Suffix, double Milliseconds)[] units = [("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000)];
        foreach ((string suffix, double milliseconds) in units)
        {
            if (text.EndsWith(suffix, StringComparison.Ordinal)
                && double.TryParse(text.AsSpan(0, text.Length - suffix.Length), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double number)
                && number * milliseconds < 1e12)
            {
                duration = TimeSpan.FromMilliseconds(number * milliseconds);
                return true;
            }
        }

        duration = default;
        return false;
    }

    private static IEnumerable<KeyValuePair<string, string>> FromFile(string file)
    {
        IConfigurationRoot root;
        try
        {
            root = new ConfigurationBuilder().AddJsonFile(Path.GetFullPath(file), optional: false).Build();
        }
        catch (Exception e) when (e is IOException or InvalidDataException or UnauthorizedAccessException)
        {
            throw new OptionsException($"The file {file} (--config) can't be read: {e.InnerException?.Message ?? e.Message}");
        }

        return root.AsEnumerable().Where(pair => pair.Value is not null).Select(pair => KeyValuePair.Create(pair.Key, pair.Value!));
    }

    /// <summary>Sets one option.</summary>
    public static void Set(NodeOptions options, string name, string value, string source)
    {
        string[] parts = name.Split(':');
        PropertyInfo? section = parts.Length == 2 ? Property(typeof(NodeOptions), parts[0]) : null;
        PropertyInfo? property = section is null ? null : Property(section.PropertyType, parts[1]);
        if (property is null)
        {
            string known = section is null
                ? "Sections are " + string.Join(", ", Names(typeof(NodeOptions)))
                : $"Section {section.Name} has " + string.Join(", ", Names(section.PropertyType));
            throw new OptionsException($"Option {name} (from {source}) is not known. {known}.");
        }

        property.SetValue(section!.GetValue(options), Parse(property, name, value, source));
    }

    private static object Parse(PropertyInfo property, string name, string value, string source)
    {
        Type type = Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;
        try
        {
            return type switch
            {
                _ when type == typeof(string) => value,
                _ when type == typeof(TimeSpan) => TryParseDuration(value, out TimeSpan duration) ? duration : throw new FormatException(),
                { IsEnum: true } => Enum.TryParse(type, value, true, out object? member) && Enum.IsDefined(type, member) ? member : throw new FormatException(),
                _ => Convert.ChangeType(value, type, CultureInfo.InvariantCulture),
            };
        }
        catch (Exception e) when (e is FormatException or OverflowException or InvalidCastException)
        {
            string kind = type switch
            {
                _ when type == typeof(TimeSpan) => "a duration like 500ms, 30s, 5m or 2h",
                { IsEnum: true } => "one of " + string.Join(", ", Enum.GetNames(type)),
                _ when type == typeof(bool) => "true or false",
                _ => "a number",
            };
            throw new OptionsException($"Option {name} (from {source}) is '{value}'; it must be {kind}.");
        }
    }

    private static PropertyInfo? Property(Type type, string name) =>
        type.GetProperties().FirstOrDefault(p => IsOption(p) && p.Name.Equals(name, StringComparison.OrdinalIgnoreCase));

    private static IEnumerable<string> Names(Type type) => type.GetProperties().Where(IsOption).Select(p => p.Name);

    private static bool IsOption(PropertyInfo property) => property.CanWrite && !typeof(Delegate).IsAssignableFrom(property.PropertyType);
}
