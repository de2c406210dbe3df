using System.Text;

namespace RaftDb.Tests.DataDriven;

/// <summary>Reads and writes the format of etcd's data-driven tests: a directive line, optional input lines, <c>----</c>, the
/// expected output up to a blank line; <c>#</c> begins a comment where a directive is expected.</summary>
public static class DataDrivenFile
{
    private const string Separator = "----";

    /// <summary>All directives of a file below <c>testdata</c>.</summary>
    public static IReadOnlyList<Directive> Read(string path) =>
        Parse(Path.GetFileName(path), File.ReadAllLines(Testdata.Copy(path)));

    /// <summary>All directives in these lines.</summary>
    public static IReadOnlyList<Directive> Parse(string file, IReadOnlyList<string> lines)
    {
        var directives = new List<Directive>();
        var at = 0;
        while (true)
        {
            var prelude = Take(lines, ref at, line => line.Trim().Length == 0 || line.StartsWith('#'));
            if (at == lines.Count)
            {
                return directives;
            }

            var number = at + 1;
            var text = lines[at++].Trim();
            var input = Take(lines, ref at, line => line != Separator);
            if (at == lines.Count)
            {
                throw new FormatException($"{file}:{number}: the directive \"{text}\" has no {Separator} line.");
            }

            at++;
            var expected = Take(lines, ref at, line => line.Trim().Length > 0);
            var (command, arguments) = ArgumentParser.Parse(text);
            directives.Add(new(file, number, prelude, text, command, arguments, input, expected));
        }
    }

    /// <summary>Writes the directives to the source tree with these outputs in place of what was expected.</summary>
    public static void Rewrite(string path, IReadOnlyList<(Directive Directive, IReadOnlyList<string> Output)> results)
    {
        var text = new StringBuilder();
        foreach (var (directive, output) in results)
        {
            foreach (var line in (string[])[.. directive.Prelude, directive.Text, .. directive.Input, Separator, .. output])
            {
                text.Append(line).Append('\n');
            }
        }

        File.WriteAllText(Testdata.Source(path), text.ToString());
    }

    private static List<string> Take(IReadOnlyList<string> lines, ref int at, Func<string, bool> belongs)
    {
        var taken = new List<string>();
        while (at < lines.Count && belongs(lines[at]))
        {
            taken.Add(lines[at++]);
        }

        return taken;
    }
}
