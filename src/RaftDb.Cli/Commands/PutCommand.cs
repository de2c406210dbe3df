using System.CommandLine;
using RaftDb.Cli.Output;
using RaftDb.Client;

namespace RaftDb.Cli.Commands;

/// <summary>raftdb put KEY VALUE</summary>
internal static class PutCommand
{
    public static Command Build()
    {
        Command command = new("put", "Write a key.");
        Argument<string> key = new("KEY");
        Argument<string> value = new("VALUE");
        command.Add(key);
        command.Add(value);
        ClientOptions client = new(command);
        WriteOptionSet write = new(command);
        Option<string?> ttl = new("--ttl") { Description = "The key goes away after this time, like 30s." };
        command.Add(ttl);
        Option<bool> hex = new("--hex") { Description = "KEY and VALUE are hexadecimal." };
        command.Add(hex);
        command.SetAction(async (parsed, cancel) =>
        {
            WriteOptions options = write.Read(parsed) with { TimeToLive = Duration.Parse("--ttl", parsed.GetValue(ttl)) };
            Bytes keyBytes = KeyText.Parse("KEY", parsed.GetValue(key)!, parsed.GetValue(hex));
            Bytes valueBytes = KeyText.Parse("VALUE", parsed.GetValue(value)!, parsed.GetValue(hex));
            await using RaftDbClient db = client.Connect(parsed);
            PutResult result = await db.PutAsync(keyBytes, valueBytes, options, cancel);
            if (client.Json(parsed))
            {
                JsonOutput.Print(result);
            }
            else
            {
                Console.Out.WriteLine(result.Committed
                    ? $"ok: version {result.Version}, range {result.Range}, index {result.Index}"
                    : $"ok: on the leader's disk only, not committed yet (range {result.Range}, index {result.Index})");
            }

            return ExitCode.Done;
        });
        return command;
    }
}
