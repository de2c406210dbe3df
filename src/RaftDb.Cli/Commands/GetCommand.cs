using System.CommandLine;
using RaftDb.Cli.Output;
using RaftDb.Client;
using RaftDb.Client.Protocol;

namespace RaftDb.Cli.Commands;

/// <summary>raftdb get KEY</summary>
internal static class GetCommand
{
    public static Command Build()
    {
        Command command = new("get", "Read a key: prints its value; exit code 1 when it is absent.");
        Argument<string> key = new("KEY");
        command.Add(key);
        ClientOptions client = new(command);
        ReadOptionSet read = new(command);
        Option<bool> hex = new("--hex") { Description = "KEY is hexadecimal, and so is what is printed." };
        Option<bool> raw = new("--raw") { Description = "Print the value's bytes alone, without a newline." };
        command.Add(hex);
        command.Add(raw);
        command.SetAction(async (parsed, cancel) =>
        {
            ReadOptions options = read.Read(parsed);
            Bytes keyBytes = KeyText.Parse("KEY", parsed.GetValue(key)!, parsed.GetValue(hex));
            await using RaftDbClient db = client.ConnectToRead(parsed, options);
            Entry entry = await db.GetAsync(keyBytes, options, cancel)
                ?? throw new RefusedException($"not_found: there is no key '{parsed.GetValue(key)}'. `raftdb scan --prefix P` lists what there is.");
            if (client.Json(parsed))
            {
                JsonOutput.Print(new
                {
                    key = new BinaryText(keyBytes.Memory),
                    value = new BinaryText(entry.Value),
                    version = entry.Version,
                    node = entry.Node,
                    range = entry.Range,
                    index = entry.Index,
                    staleness_ms = entry.Staleness?.TotalMilliseconds,
                });
                return ExitCode.Done;
            }

            using Stream output = Console.OpenStandardOutput();
            if (parsed.GetValue(hex))
            {
                output.Write(System.Text.Encoding.ASCII.GetBytes(Convert.ToHexStringLower(entry.Value.Span)));
            }
            else
            {
                output.Write(entry.Value.Span);
            }

            if (!parsed.GetValue(raw))
            {
                output.Write("\n"u8);
            }

            return ExitCode.Done;
        });
        return command;
    }
}
