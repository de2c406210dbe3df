namespace RaftDb.Tests.DataDriven;

/// <summary>One case of a data-driven file: a command with arguments, lines of input, and the expected output.</summary>
/// <param name="File">The file's name, for messages.</param>
/// <param name="Line">The line of the command, from 1.</param>
/// <param name="Prelude">Comments and blank lines before the command, verbatim, so that a rewrite keeps them.</param>
/// <param name="Text">The command line, verbatim.</param>
/// <param name="Command">Its first word.</param>
/// <param name="Arguments">The rest: a key and values for each of <c>key</c>, <c>key=value</c>, <c>key=(value, value)</c>.</param>
/// <param name="Input">The lines between the command and <c>----</c>.</param>
/// <param name="Expected">The lines after <c>----</c> up to a blank line.</param>
public sealed record Directive(
    string File,
    int Line,
    IReadOnlyList<string> Prelude,
    string Text,
    string Command,
    IReadOnlyList<Argument> Arguments,
    IReadOnlyList<string> Input,
    IReadOnlyList<string> Expected)
{
    /// <summary>The values of an argument; empty when it is absent or has none.</summary>
    public IReadOnlyList<string> Values(string key) =>
        Arguments.FirstOrDefault(argument => argument.Key == key)?.Values ?? [];

    /// <summary>The only value of an argument, or null.</summary>
    public string? Value(string key) => Values(key).SingleOrDefault();

    /// <summary>Whether the argument is there, with or without values.</summary>
    public bool Has(string key) => Arguments.Any(argument => argument.Key == key);

    /// <inheritdoc/>
    public override string ToString() => $"{File}:{Line} {string.Join(' ', (string[])[Text, .. Input])}";
}

/// <summary>An argument of a <see cref="Directive"/>.</summary>
public sealed record Argument(string Key, IReadOnlyList<string> Values);
