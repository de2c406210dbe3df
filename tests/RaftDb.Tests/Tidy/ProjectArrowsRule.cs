using System.Xml.Linq;

namespace RaftDb.Tests.Tidy;

/// <summary>The projects refer to each other exactly so.</summary>
public static class ProjectArrowsRule
{
    private static readonly SortedDictionary<string, string[]> Arrows = new()
    {
        ["RaftDb.Raft"] = [],
        ["RaftDb.Client"] = [],
        ["RaftDb.Storage"] = ["RaftDb.Raft"],
        ["RaftDb.Server"] = ["RaftDb.Client", "RaftDb.Raft", "RaftDb.Storage"],
        ["RaftDb.Cli"] = ["RaftDb.Client", "RaftDb.Server"],
    };

    /// <summary>The projects that must be there.</summary>
    public static IEnumerable<string> Projects => Arrows.Keys.Select(name => $"src/{name}/{name}.csproj");

    public static IEnumerable<Finding> Check(SourceFile file)
    {
        if (!file.IsBelow("src") || !file.HasExtension(".csproj"))
        {
            yield break;
        }

        string project = file.Name[..^".csproj".Length];
        if (!Arrows.TryGetValue(project, out string[]? allowed))
        {
            yield return new(file.Path, 1, "This project is not one of the design's: put the code into one of " + string.Join(", ", Arrows.Keys) + ", or change docs/architecture.md and this rule together.");
            yield break;
        }

        string[] actual =
        [
            .. XDocument.Parse(file.Text).Descendants("ProjectReference")
                .Select(reference => Path.GetFileNameWithoutExtension(((string)reference.Attribute("Include")!).Replace('\\', '/'))),
        ];
        foreach (string extra in actual.Except(allowed))
        {
            yield return new(file.Path, LineOf(file, extra), $"{project} must not refer to {extra}: arrows point down only (docs/architecture.md). Move the code to where the arrow allows it.");
        }

        foreach (string missing in allowed.Except(actual))
        {
            yield return new(file.Path, 1, $"{project} no longer refers to {missing}: add the reference, or take the arrow out of docs/architecture.md and of this rule.");
        }
    }

    private static int LineOf(SourceFile file, string text) =>
        file.Lines.Index().First(line => line.Item.Contains(text, StringComparison.Ordinal)).Index + 1;
}
