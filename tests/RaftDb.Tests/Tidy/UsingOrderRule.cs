using System.Text.RegularExpressions;

namespace RaftDb.Tests.Tidy;

/// <summary>Namespaces that a file uses stand in order: System's first, then by name. Neither the compiler nor the check of white space looks at that.</summary>
public static partial class UsingOrderRule
{
    public static IEnumerable<Finding> Check(SourceFile file)
    {
        if (!file.HasExtension(".cs"))
        {
            yield break;
        }

        (string Name, int Line)? before = null;
        for (int i = 0; i < file.CodeLines.Count; i++)
        {
            if (Using().Match(file.CodeLines[i]) is not { Success: true } match)
            {
                continue;
            }

            string name = match.Groups[1].Value;
            if (before is { } earlier && Compare(earlier.Name, name) > 0)
            {
                yield return new(file.Path, i + 1, $"`using {name};` belongs before `using {earlier.Name};` in line {earlier.Line}: System first, then by name.");
            }

            before = (name, i + 1);
        }
    }

    private static int Compare(string one, string other)
    {
        int bySystem = IsSystem(other).CompareTo(IsSystem(one));
        return bySystem != 0 ? bySystem : StringComparer.OrdinalIgnoreCase.Compare(one, other);
    }

    private static bool IsSystem(string name) => name == "System" || name.StartsWith("System.", StringComparison.Ordinal);

    [GeneratedRegex(@"^using ([\w.]+);")]
    private static partial Regex Using();
}
