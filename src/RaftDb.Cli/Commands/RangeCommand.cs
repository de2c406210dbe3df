using System.CommandLine;
using RaftDb.Client;
using RaftDb.Client.Protocol;

namespace RaftDb.Cli.Commands;

/// <summary>raftdb range split KEY | merge ID | transfer ID --to NODE | move ID --from NODE --to NODE</summary>
internal static class RangeCommand
{
    public static Command Build() => new("range", "Change a range.") { Split(), Merge(), Transfer(), Move() };

    private static Command Split()
    {
        Command command = new("split", "Split the range that holds KEY, so that KEY begins a range of its own.");
        Argument<string> key = new("KEY");
        Option<bool> hex = new("--hex") { Description = "KEY is hexadecimal." };
        command.Add(key);
        command.Add(hex);
        ClientOptions client = new(command);
        command.SetAction(async (parsed, cancel) =>
        {
            Bytes bytes = KeyText.Parse("KEY", parsed.GetValue(key)!, parsed.GetValue(hex));
            await using RaftDbClient db = client.Connect(parsed);
            ClusterStatus status = await db.StatusAsync(cancel);
            RangeStatus range = status.Ranges.FirstOrDefault(range => range.Holds(bytes.Memory.Span))
                ?? throw new RefusedException("The node knows no range that holds the key. Look at `raftdb ranges`.");
            await db.PostAsync($"/v1/ranges/{range.Id}/split", new { key = new BinaryText(bytes.Memory) }, cancel);
            Done(client.Json(parsed), $"range {range.Id} is split");
            return ExitCode.Done;
        });
        return command;
    }

    private static Command Merge()
    {
        Command command = new("merge", "Merge a range with the one after it.");
        Argument<ulong> id = new("ID");
        command.Add(id);
        ClientOptions client = new(command);
        command.SetAction(async (parsed, cancel) =>
        {
            await using RaftDbClient db = client.Connect(parsed);
            await db.PostAsync($"/v1/ranges/{parsed.GetValue(id)}/merge", new { }, cancel);
            Done(client.Json(parsed), $"range {parsed.GetValue(id)} is merged with the next");
            return ExitCode.Done;
        });
        return command;
    }

    private static Command Transfer()
    {
        Command command = new("transfer", "Move the leadership of a range to another of its replicas.");
        Argument<ulong> id = new("ID");
        Option<ulong> to = new("--to") { Description = "The node that shall lead.", Required = true };
        command.Add(id);
        command.Add(to);
        ClientOptions client = new(command);
        command.SetAction(async (parsed, cancel) =>
        {
            await using RaftDbClient db = client.Connect(parsed);
            await db.TransferAsync(parsed.GetValue(id), parsed.GetValue(to), cancel);
            Done(client.Json(parsed), $"range {parsed.GetValue(id)} is led by node {parsed.GetValue(to)}");
            return ExitCode.Done;
        });
        return command;
    }

    private static Command Move()
    {
        Command command = new("move", "Move a replica of a range from one node to another.");
        Argument<ulong> id = new("ID");
        Option<ulong> from = new("--from") { Description = "The node that gives it up.", Required = true };
        Option<ulong> to = new("--to") { Description = "The node that takes it.", Required = true };
        command.Add(id);
        command.Add(from);
        command.Add(to);
        ClientOptions client = new(command);
        command.SetAction(async (parsed, cancel) =>
        {
            await using RaftDbClient db = client.Connect(parsed);
            await db.PostAsync($"/v1/ranges/{parsed.GetValue(id)}/move", new { from = parsed.GetValue(from), to = parsed.GetValue(to) }, cancel);
            Done(client.Json(parsed), $"range {parsed.GetValue(id)} moved from node {parsed.GetValue(from)} to node {parsed.GetValue(to)}");
            return ExitCode.Done;
        });
        return command;
    }

    private static void Done(bool json, string text) => Console.Out.WriteLine(json ? """{"done":true}""" : text);
}
