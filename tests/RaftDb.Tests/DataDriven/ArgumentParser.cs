namespace RaftDb.Tests.DataDriven;

/// <summary>Takes a directive line apart: <c>command key key=value key=(value, value)</c>.</summary>
internal static class ArgumentParser
{
    public static (string Command, IReadOnlyList<Argument> Arguments) Parse(string line)
    {
        var words = Words(line);
        return (words[0], [.. words.Skip(1).Select(ParseArgument)]);
    }

    private static Argument ParseArgument(string word)
    {
        var equals = word.IndexOf('=');
        if (equals < 0)
        {
            return new(word, []);
        }

        var value = word[(equals + 1)..];
        return new(word[..equals], value.StartsWith('(') && value.EndsWith(')')
            ? [.. value[1..^1].Split(',', StringSplitOptions.TrimEntries)]
            : [value]);
    }

    /// <summary>Splits at blanks outside parentheses.</summary>
    private static List<string> Words(string line)
    {
        var words = new List<string>();
        var depth = 0;
        var start = 0;
        for (var i = 0; i <= line.Length; i++)
        {
            if (i == line.Length || (line[i] == ' ' && depth == 0))
            {
                if (i > start)
                {
                    words.Add(line[start..i]);
                }

                start = i + 1;
                continue;
            }

            depth += line[i] switch { '(' => 1, ')' => -1, _ => 0 };
        }

        return depth == 0 ? words : throw new FormatException($"Unbalanced parentheses: {line}");
    }
}
