namespace RaftDb.Tests.Tidy;

/// <summary>A file of the repository: its path (from the root, with '/') and its text.</summary>
public sealed class SourceFile(string path, string text)
{
    private readonly Lazy<string[]> _lines = new(() => text.Split('\n'));
    private readonly Lazy<string[]> _codeLines = new(() => CSharpText.CodeOf(text).Split('\n'));

    public string Path { get; } = path;

    public string Text { get; } = text;

    public IReadOnlyList<string> Lines => _lines.Value;

    /// <summary>The lines of a C# file without its comments and without what stands in its strings.</summary>
    public IReadOnlyList<string> CodeLines => _codeLines.Value;

    public string Name => Path[(Path.LastIndexOf('/') + 1)..];

    public bool IsBelow(string folder) => Path.StartsWith(folder + "/", StringComparison.Ordinal);

    public bool HasExtension(string extension) => Path.EndsWith(extension, StringComparison.Ordinal);
}
