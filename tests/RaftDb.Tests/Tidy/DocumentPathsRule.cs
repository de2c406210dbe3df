using System.Text.RegularExpressions;

namespace RaftDb.Tests.Tidy;

/// <summary>What documents name exists: paths from the root wherever they stand, targets of links, and source files by their name.</summary>
public static partial class DocumentPathsRule
{
    public static bool IsDocument(SourceFile file) =>
        file.Path is "README.md" or "CHANGELOG.md" || (file.IsBelow("docs") && file.HasExtension(".md"));

    /// <param name="document">The document.</param>
    /// <param name="exists">Whether a path from the root is a file or a folder.</param>
    /// <param name="paths">All files, to find those that are named without their folder.</param>
    public static IEnumerable<Finding> Check(SourceFile document, Func<string, bool> exists, IReadOnlyCollection<string> paths)
    {
        for (int i = 0; i < document.Lines.Count; i++)
        {
            foreach (Match match in FromRoot().Matches(document.Lines[i]))
            {
                string path = Trimmed(match.Value);
                if (!exists(path.TrimEnd('/')))
                {
                    yield return Missing(document, i, path);
                }
            }

            foreach (Match match in Link().Matches(document.Lines[i]))
            {
                string target = match.Groups[1].Value.Split('#')[0];
                if (target.Length > 0 && !target.Contains(':') && !exists(Resolve(document.Path, target)))
                {
                    yield return Missing(document, i, target);
                }
            }

            foreach (Match match in SourceName().Matches(document.Lines[i]))
            {
                string name = match.Groups[1].Value;
                if (!paths.Any(path => path == name || path.EndsWith("/" + name, StringComparison.Ordinal)))
                {
                    yield return Missing(document, i, name);
                }
            }
        }
    }

    private static Finding Missing(SourceFile document, int line, string path) =>
        new(document.Path, line + 1, $"'{path}' does not exist: correct the name, or take the sentence out.");

    private static string Trimmed(string path)
    {
        // What stands before a wildcard or a placeholder must exist.
        int open = path.IndexOfAny(['*', '<', '{']);
        return (open < 0 ? path : path[..(path.LastIndexOf('/', open) + 1)]).TrimEnd('.', ',', ':', ';');
    }

    private static string Resolve(string document, string target)
    {
        if (target.StartsWith('/'))
        {
            return target[1..].TrimEnd('/');
        }

        List<string> parts = [.. document.Split('/')[..^1]];
        foreach (string part in target.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            if (part == ".." && parts.Count > 0)
            {
                parts.RemoveAt(parts.Count - 1);
            }
            else if (part != ".")
            {
                parts.Add(part);
            }
        }

        return string.Join('/', parts);
    }

    [GeneratedRegex(@"(?<![\w/.:~$-])(?:src|tests|docs|scripts|\.ci)/[\w./*<>{}-]*")]
    private static partial Regex FromRoot();

    [GeneratedRegex(@"\[[^\]]*\]\(([^)\s]+)\)")]
    private static partial Regex Link();

    [GeneratedRegex(@"`([\w./-]+\.cs)`")]
    private static partial Regex SourceName();
}
