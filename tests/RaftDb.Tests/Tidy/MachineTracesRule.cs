using System.Text.RegularExpressions;

namespace RaftDb.Tests.Tidy;

/// <summary>Nothing tells of the machine that something was written on: no absolute paths, no package registry: everybody has their own.</summary>
public static partial class MachineTracesRule
{
    public static IEnumerable<Finding> Check(SourceFile file)
    {
        for (int i = 0; i < file.Lines.Count; i++)
        {
            if (MachinePath().Match(file.Lines[i]) is { Success: true } path)
            {
                yield return new(file.Path, i + 1, $"'{path.Value}' is a path of one machine: write it relative to the repository, or take it as an argument.");
            }

            if (Registry().Match(file.Lines[i]) is { Success: true } registry)
            {
                yield return new(file.Path, i + 1, $"'{registry.Value}' names a package registry: leave sources to the user's own NuGet configuration.");
            }
        }
    }

    // The brackets keep this file from finding itself.
    [GeneratedRegex(@"(?<![\w.])/(?:wor[k]|roo[t]|hom[e])/")]
    private static partial Regex MachinePath();

    [GeneratedRegex(@"https?://[\w.-]*(?:nuge[t]|np[m]|debia[n])\w*\.|https?://[\w.:-]+/\S*(?:v3/index\.jso[n]|/nuge[t]/|/simpl[e]/|/np[m]/)|\b[\w-]*(?:artifactor[y]|nexu[s]|jfro[g])[\w-]*\.[\w.-]+", RegexOptions.IgnoreCase)]
    private static partial Regex Registry();
}
