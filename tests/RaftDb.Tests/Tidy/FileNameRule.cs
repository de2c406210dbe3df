using System.Text.RegularExpressions;

namespace RaftDb.Tests.Tidy;

/// <summary>A file is named like a type in it, so that who knows the one finds the other. A family of small types may go under one plural.</summary>
public static partial class FileNameRule
{
    private const int Family = 2;

    public static IEnumerable<Finding> Check(SourceFile file)
    {
        if (!file.IsBelow("src") || !file.HasExtension(".cs"))
        {
            yield break;
        }

        string stem = file.Name[..file.Name.IndexOf('.')];
        string[] types = [.. file.CodeLines.SelectMany(line => Declaration().Matches(line)).Select(match => match.Groups[1].Value)];
        bool isFamily = types.Length >= Family && stem.EndsWith('s');
        if (types.Length > 0 && !types.Contains(stem) && !isFamily)
        {
            yield return new(file.Path, 1, $"No type here is called {stem}: rename the file to {types[0]}.cs, or move {string.Join(", ", types)} to files of their own.");
        }
    }

    [GeneratedRegex(@"\b(?:class|struct|interface|enum|record|delegate\s+[\w<>\[\]?]+)\s+(?!struct\b|class\b)(\w+)")]
    private static partial Regex Declaration();
}
