using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using RaftDb.Cli.Output;
using RaftDb.Client;
using RaftDb.Client.Protocol;

namespace RaftDb.Cli.Commands;

/// <summary>raftdb delete-range</summary>
internal static class DeleteRangeCommand
{
    /// <summary>Keys of one request: some milliseconds of work for the range that has them.</summary>
    private const int KeysAtOnce = 1000;

    public static Command Build()
    {
        Command command = new("delete-range", "Remove all keys between bounds, a thousand at a time.");
        Option<string?> start = new("--start") { Description = "The first key." };
        Option<string?> end = new("--end") { Description = "The key before which to stop." };
        Option<string?> prefix = new("--prefix") { Description = "Only keys that begin so; '' = every key." };
        Option<int?> limit = new("--limit") { Description = "At most so many keys." };
        Option<bool> hex = new("--hex") { Description = "Bounds are hexadecimal." };
        foreach (Option option in (Option[])[start, end, prefix, limit, hex])
        {
            command.Add(option);
        }

        ClientOptions client = new(command);
        command.SetAction(async (parsed, cancel) =>
        {
            bool asHex = parsed.GetValue(hex);
            int left = parsed.GetValue(limit) ?? int.MaxValue;
            if (left <= 0)
            {
                throw new UsageException("--limit: must be above 0.");
            }

            if (parsed.GetValue(start) is null && parsed.GetValue(end) is null && parsed.GetValue(prefix) is null)
            {
                throw new UsageException("Give --start, --end or --prefix; --prefix '' is every key there is.");
            }

            await using RaftDbClient db = client.Connect(parsed);
            long deleted = 0;
            bool more = true;
            while (more && left > 0)
            {
                QueryText target = new("/v1/kv");
                Add(target, "start", KeyText.ParseOptional("--start", parsed.GetValue(start), asHex));
                Add(target, "end", KeyText.ParseOptional("--end", parsed.GetValue(end), asHex));
                Add(target, "prefix", KeyText.ParseOptional("--prefix", parsed.GetValue(prefix), asHex));
                target.Add("limit", Math.Min(left, KeysAtOnce).ToString(CultureInfo.InvariantCulture));
                DeleteRangeDocument page = JsonSerializer.Deserialize(
                    (await db.SendJsonAsync(HttpMethod.Delete, target.ToString(), null, cancel)).Body, Documents.Json.DeleteRangeDocument)!;
                deleted += page.Deleted;
                left -= (int)page.Deleted;
                more = page.More;
            }

            if (client.Json(parsed))
            {
                JsonOutput.Print(new { deleted, more });
            }
            else
            {
                Console.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"deleted: {deleted} keys{(more ? ", and there may be more" : "")}"));
            }

            return ExitCode.Done;
        });
        return command;
    }

    private static void Add(QueryText target, string name, Bytes? bound)
    {
        if (bound is { } bytes)
        {
            target.Add(name, bytes.Memory.Span);
        }
    }
}
