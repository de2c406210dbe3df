using System.CommandLine;
using RaftDb.Cli.Output;
using RaftDb.Client;
using RaftDb.Client.Protocol;

namespace RaftDb.Cli.Commands;

/// <summary>raftdb status: nodes, ranges, and what is wrong with them.</summary>
internal static class StatusCommand
{
    public static Command Build()
    {
        Command command = new("status", "Show the cluster: its nodes, its ranges, and what needs attention.");
        ClientOptions client = new(command);
        command.SetAction(async (parsed, cancel) =>
        {
            await using RaftDbClient db = client.Connect(parsed);
            ClusterStatus status = await db.StatusAsync(cancel);
            if (client.Json(parsed))
            {
                JsonOutput.Print(status);
                return ExitCode.Done;
            }

            Console.Out.WriteLine($"Cluster {status.Cluster}, as node {status.Node} sees it (version {status.Version})");
            Console.Out.WriteLine();
            StatusTables.Nodes(status.Nodes).Print();
            Console.Out.WriteLine();
            StatusTables.Ranges(status.Ranges).Print();
            Console.Out.WriteLine();
            IReadOnlyList<string> problems = StatusTables.Problems(status);
            Console.Out.WriteLine(problems.Count == 0 ? "No problems." : "Problems");
            foreach (string problem in problems)
            {
                Console.Out.WriteLine($"  - {problem}");
            }

            return ExitCode.Done;
        });
        return command;
    }
}

/// <summary>raftdb nodes</summary>
internal static class NodesCommand
{
    public static Command Build()
    {
        Command command = new("nodes", "List the nodes.");
        ClientOptions client = new(command);
        command.SetAction(async (parsed, cancel) =>
        {
            await using RaftDbClient db = client.Connect(parsed);
            ClusterStatus status = await db.StatusAsync(cancel);
            if (client.Json(parsed))
            {
                JsonOutput.Print(status.Nodes);
            }
            else
            {
                StatusTables.Nodes(status.Nodes).Print();
            }

            return ExitCode.Done;
        });
        return command;
    }
}

/// <summary>raftdb ranges</summary>
internal static class RangesCommand
{
    public static Command Build()
    {
        Command command = new("ranges", "List the ranges.");
        ClientOptions client = new(command);
        command.SetAction(async (parsed, cancel) =>
        {
            await using RaftDbClient db = client.Connect(parsed);
            ClusterStatus status = await db.StatusAsync(cancel);
            if (client.Json(parsed))
            {
                JsonOutput.Print(status.Ranges);
            }
            else
            {
                StatusTables.Ranges(status.Ranges).Print();
            }

            return ExitCode.Done;
        });
        return command;
    }
}
