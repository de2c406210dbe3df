using System.CommandLine;
using RaftDb.Cli.Output;
using RaftDb.Client;

namespace RaftDb.Cli.Commands;

/// <summary>raftdb delete KEY</summary>
internal static class DeleteCommand
{
    public static Command Build()
    {
        Command command = new("delete", "Remove a key; removing an absent key is no error.");
        Argument<string> key = new("KEY");
        command.Add(key);
        ClientOptions client = new(command);
        WriteOptionSet write = new(command);
        Option<bool> hex = new("--hex") { Description = "KEY is hexadecimal." };
        command.Add(hex);
        command.SetAction(async (parsed, cancel) =>
        {
            Bytes keyBytes = KeyText.Parse("KEY", parsed.GetValue(key)!, parsed.GetValue(hex));
            await using RaftDbClient db = client.Connect(parsed);
            DeleteResult result = await db.DeleteAsync(keyBytes, write.Read(parsed), cancel);
            if (client.Json(parsed))
            {
                JsonOutput.Print(result);
            }
            else
            {
                Console.Out.WriteLine(result.Deleted ? $"deleted: range {result.Range}, index {result.Index}" : "was absent");
            }

            return ExitCode.Done;
        });
        return command;
    }
}
