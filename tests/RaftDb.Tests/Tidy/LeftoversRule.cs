using System.Text.RegularExpressions;

namespace RaftDb.Tests.Tidy;

/// <summary>Nothing half done is left: no notes to oneself, no stubs, no sleeping, no test that is switched off without a reason.</summary>
public static partial class LeftoversRule
{
    public static IEnumerable<Finding> Check(SourceFile file)
    {
        if (!file.HasExtension(".cs"))
        {
            yield break;
        }

        bool production = file.IsBelow("src");
        bool test = file.IsBelow("tests");
        for (int i = 0; i < file.Lines.Count; i++)
        {
            if (production && Note().Match(file.Lines[i]) is { Success: true } note)
            {
                yield return new(file.Path, i + 1, $"'{note.Value}': do it now, or say in a sentence why it is as it is.");
            }

            if (production && Stub().Match(file.CodeLines[i]) is { Success: true } stub)
            {
                yield return new(file.Path, i + 1, $"'{stub.Value}': write the real thing; refuse what is not supported with a typed error.");
            }

            if (production && Sleep().IsMatch(file.CodeLines[i]))
            {
                yield return new(file.Path, i + 1, "A thread that sleeps can't be woken: wait for the event, with a timeout.");
            }

            if (test && SwitchedOff().Match(file.CodeLines[i]) is { Success: true } off)
            {
                yield return new(file.Path, i + 1, $"'{off.Value}' gives no reason: repair the test, or say in the attribute why it does not run by itself.");
            }
        }
    }

    [GeneratedRegex(@"\b(TODO|HACK|FIXME)\b")]
    private static partial Regex Note();

    [GeneratedRegex(@"\bNotImplementedException\b")]
    private static partial Regex Stub();

    [GeneratedRegex(@"\bThread\s*\.\s*Sleep\b")]
    private static partial Regex Sleep();

    // The content of a string is underscores here, so an empty one has none.
    [GeneratedRegex(@"(?<=[\[,]\s*)\b(Ignore|Explicit)(Attribute)?\s*(\(\s*(""\s*"")?\s*\))?\s*(?=[,\]])")]
    private static partial Regex SwitchedOff();
}
