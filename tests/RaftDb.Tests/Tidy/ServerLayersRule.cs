using System.Text.RegularExpressions;

namespace RaftDb.Tests.Tidy;

/// <summary>Inside the server calls go down only: Api, Ranges, Replicas, Transport. An answer completes the request that waits for it, or comes back as an input.</summary>
public static partial class ServerLayersRule
{
    private const string Server = "src/RaftDb.Server";

    // Folder: what it must not know. Everything but Hosting itself must not know Hosting.
    private static readonly SortedDictionary<string, string[]> Forbidden = new()
    {
        ["Transport"] = ["Replicas", "Ranges", "Api"],
        ["Bootstrap"] = ["Replicas", "Ranges", "Api"],
        ["Replicas"] = ["Ranges", "Api"],
        ["Ranges"] = ["Api"],
        ["Placement"] = ["Replicas", "Transport", "Api"],
        ["Metrics"] = ["Replicas", "Ranges", "Api"],
        ["Options"] = ["Replicas", "Ranges", "Api"],
        ["Api"] = [],
    };

    public static IEnumerable<Finding> Check(IReadOnlyList<SourceFile> all)
    {
        SourceFile[] files = [.. all.Where(file => file.IsBelow(Server) && file.HasExtension(".cs"))];
        ILookup<string, string> types = files.SelectMany(file => TypesOf(file).Select(type => (Folder: FolderOf(file), Type: type))).ToLookup(pair => pair.Folder, pair => pair.Type);
        foreach (SourceFile file in files)
        {
            string folder = FolderOf(file);
            string[] forbidden = folder == "Hosting" ? [] : [.. Forbidden.GetValueOrDefault(folder, []), "Hosting"];
            foreach (string other in forbidden)
            {
                Regex mention = Mention(other, types[other]);
                for (int i = 0; i < file.CodeLines.Count; i++)
                {
                    if (mention.Match(file.CodeLines[i]) is { Success: true } match)
                    {
                        yield return new(
                            file.Path,
                            i + 1,
                            $"{folder} must not know {other} ('{match.Value}'): calls go down only (docs/architecture.md). Move the type down to {folder} or below, or hand in a delegate or an interface from above.");
                    }
                }
            }
        }
    }

    /// <summary>The full namespace, however it is used; or, since namespaces beside one's own need no prefix, the short one before one of its types.</summary>
    private static Regex Mention(string folder, IEnumerable<string> types)
    {
        string full = $@"\bRaftDb\.Server\.{folder}\b";
        string alternatives = string.Join('|', types.Distinct().Select(Regex.Escape));
        return new Regex(alternatives.Length == 0 ? full : $@"{full}|(?<![\w.])(Server\.)?{folder}\.({alternatives})\b");
    }

    private static string FolderOf(SourceFile file)
    {
        string rest = file.Path[(Server.Length + 1)..];
        int slash = rest.IndexOf('/');
        return slash < 0 ? "" : rest[..slash];
    }

    private static IEnumerable<string> TypesOf(SourceFile file) =>
        file.CodeLines.SelectMany(line => TypeDeclaration().Matches(line)).Select(match => match.Groups[1].Value);

    [GeneratedRegex(@"\b(?:class|struct|interface|enum|record)\s+(?!struct\b|class\b)(\w+)")]
    private static partial Regex TypeDeclaration();
}
