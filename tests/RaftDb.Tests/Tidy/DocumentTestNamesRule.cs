using System.Text.RegularExpressions;

namespace RaftDb.Tests.Tidy;

/// <summary>Tests that documents name exist. A test's name is a sentence, so that is what tells it from other code: several words in a row.</summary>
public static partial class DocumentTestNamesRule
{
    /// <param name="document">The document.</param>
    /// <param name="tests">All test files.</param>
    public static IEnumerable<Finding> Check(SourceFile document, IReadOnlyCollection<SourceFile> tests)
    {
        for (int i = 0; i < document.Lines.Count; i++)
        {
            foreach (Match match in TestName().Matches(document.Lines[i]))
            {
                string name = match.Groups[1].Value;
                if (!tests.Any(file => file.Text.Contains($" {name}(", StringComparison.Ordinal)))
                {
                    yield return new(document.Path, i + 1, $"No test is called '{name}': name the one that took its place, or say that there is none.");
                }
            }
        }
    }

    [GeneratedRegex(@"`([A-Z]\w*(?:_[a-z0-9]\w*){3,})`")]
    private static partial Regex TestName();
}
