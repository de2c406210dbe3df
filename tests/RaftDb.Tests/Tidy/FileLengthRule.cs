namespace RaftDb.Tests.Tidy;

/// <summary>No file grows into a god file.</summary>
public static class FileLengthRule
{
    public const int MostLines = 500;

    public static IEnumerable<Finding> Check(SourceFile file)
    {
        int lines = file.Text.EndsWith('\n') ? file.Lines.Count - 1 : file.Lines.Count;
        if (file.IsBelow("src") && file.HasExtension(".cs") && lines > MostLines)
        {
            yield return new(file.Path, lines, $"{lines} lines are too many (at most {MostLines}): name the concept that hides in it and give it a file of its own.");
        }
    }
}
