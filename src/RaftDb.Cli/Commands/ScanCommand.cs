using System.CommandLine;
using RaftDb.Cli.Output;
using RaftDb.Client;
using RaftDb.Client.Protocol;

namespace RaftDb.Cli.Commands;

/// <summary>raftdb scan</summary>
internal static class ScanCommand
{
    public static Command Build()
    {
        Command command = new("scan", "List keys in order: key, a tab, value.");
        Option<string?> start = new("--start") { Description = "The first key." };
        Option<string?> end = new("--end") { Description = "The key before which to stop." };
        Option<string?> prefix = new("--prefix") { Description = "Only keys that begin so." };
        Option<int?> limit = new("--limit") { Description = "At most so many keys." };
        Option<bool> reverse = new("--reverse") { Description = "Last key first." };
        Option<bool> keysOnly = new("--keys-only") { Description = "Leave out the values." };
        Option<bool> hex = new("--hex") { Description = "Keys are hexadecimal, and so is what is printed." };
        Option<bool> raw = new("--raw") { Description = "Print bytes as they are, even where they are not text." };
        foreach (Option option in (Option[])[start, end, prefix, limit, reverse, keysOnly, hex, raw])
        {
            command.Add(option);
        }

        ClientOptions client = new(command);
        ReadOptionSet read = new(command);
        command.SetAction(async (parsed, cancel) =>
        {
            bool asHex = parsed.GetValue(hex);
            if (parsed.GetValue(limit) is <= 0)
            {
                throw new UsageException("--limit: must be above 0.");
            }

            ScanOptions options = new()
            {
                Start = KeyText.ParseOptional("--start", parsed.GetValue(start), asHex),
                End = KeyText.ParseOptional("--end", parsed.GetValue(end), asHex),
                Prefix = KeyText.ParseOptional("--prefix", parsed.GetValue(prefix), asHex),
                Limit = parsed.GetValue(limit),
                Reverse = parsed.GetValue(reverse),
                KeysOnly = parsed.GetValue(keysOnly),
                Read = read.Read(parsed),
            };
            await using RaftDbClient db = client.ConnectToRead(parsed, options.Read);
            using Stream output = new BufferedStream(Console.OpenStandardOutput());
            await foreach (Client.ScanItem item in db.ScanAsync(options, cancel))
            {
                output.Write(Line(item, client.Json(parsed), options.KeysOnly, asHex, parsed.GetValue(raw)));
                output.Write("\n"u8);
            }

            return ExitCode.Done;
        });
        return command;
    }

    private static byte[] Line(Client.ScanItem item, bool json, bool keysOnly, bool hex, bool raw)
    {
        if (json)
        {
            BinaryText? value = keysOnly ? null : new BinaryText(item.Value);
            return System.Text.Encoding.UTF8.GetBytes(
                JsonOutput.ToText(new { key = new BinaryText(item.Key), value, version = item.Version, index = item.Index }));
        }

        if (raw && !hex)
        {
            return keysOnly ? item.Key.ToArray() : [.. item.Key.Span, (byte)'\t', .. item.Value.Span];
        }

        string key = KeyText.Show(item.Key.Span, hex);
        return System.Text.Encoding.UTF8.GetBytes(keysOnly ? key : $"{key}\t{KeyText.Show(item.Value.Span, hex)}");
    }
}
