using System.CommandLine;
using RaftDb.Client;

namespace RaftDb.Cli.Commands;

/// <summary>raftdb node add | remove ID | drain ID</summary>
internal static class NodeCommand
{
    public static Command Build() => new("node", "Change the set of nodes.") { Add(), Remove(), Drain() };

    private static Command Add()
    {
        Command command = new("add", "Say how a node is added: it adds itself when it is started with --join.");
        ClientOptions client = new(command);
        command.SetAction(parsed =>
        {
            string member = client.Servers(parsed).Split(',')[0];
            Console.Out.WriteLine("A node adds itself. On the new machine, run:");
            Console.Out.WriteLine($"  raftdb start --id ID --data DIR --http HOST:PORT --resp HOST:PORT --peer HOST:PORT --join {member}");
            return ExitCode.Done;
        });
        return command;
    }

    private static Command Remove()
    {
        Command command = new("remove", "Remove a node for good; drain it first.");
        Argument<ulong> id = new("ID");
        command.Add(id);
        ClientOptions client = new(command);
        command.SetAction(async (parsed, cancel) =>
        {
            await using RaftDbClient db = client.Connect(parsed);
            await db.SendJsonAsync(HttpMethod.Delete, $"/v1/nodes/{parsed.GetValue(id)}", null, cancel);
            Console.Out.WriteLine(client.Json(parsed) ? """{"done":true}""" : $"node {parsed.GetValue(id)} is removed");
            return ExitCode.Done;
        });
        return command;
    }

    private static Command Drain()
    {
        Command command = new("drain", "Move all leaders and replicas off a node.");
        Argument<ulong> id = new("ID");
        command.Add(id);
        ClientOptions client = new(command);
        command.SetAction(async (parsed, cancel) =>
        {
            await using RaftDbClient db = client.Connect(parsed);
            await db.PostAsync($"/v1/nodes/{parsed.GetValue(id)}/drain", new { }, cancel);
            Console.Out.WriteLine(client.Json(parsed) ? """{"done":true}""" : $"node {parsed.GetValue(id)} is drained");
            return ExitCode.Done;
        });
        return command;
    }
}
