using System.CommandLine;

namespace RaftDb.Cli.Commands;

/// <summary>raftdb dev: a whole cluster in one process.</summary>
internal static class DevCommand
{
    public static Command Build()
    {
        Command command = new("dev", "Run a whole cluster in this process, to try things out. Ctrl-C stops it.");
        Option<int> nodes = new("--nodes") { Description = "How many nodes.", DefaultValueFactory = _ => 3 };
        Option<string?> data = new("--data") { Description = "The data directory; a temporary one without." };
        Option<int> basePort = new("--base-port")
        {
            Description = "Node i serves HTTP on this + i, RESP on this + 100 + i, peers on this + 200 + i.",
            DefaultValueFactory = _ => 8100,
        };
        Option<string?> splitKeys = new("--split-keys") { Description = "Where ranges begin, like g,n,t." };
        command.Add(nodes);
        command.Add(data);
        command.Add(basePort);
        command.Add(splitKeys);
        command.SetAction((parsed, cancel) =>
        {
            DevArguments arguments = new(
                parsed.GetValue(nodes), parsed.GetValue(data), parsed.GetValue(basePort), StartArguments.ParseSplitKeys(parsed.GetValue(splitKeys)));
            arguments.Validate();
            return NodeRunner.DevAsync(arguments, cancel);
        });
        return command;
    }
}
