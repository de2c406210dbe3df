using System.CommandLine;

namespace RaftDb.Cli.Commands;

/// <summary>raftdb binlog dump DIR | verify DIR: reads a node's log while the node is stopped.</summary>
internal static class BinlogCommand
{
    public static Command Build() => new("binlog", "Look into a node's log on disk.") { Dump(), Verify() };

    private static Command Dump()
    {
        Command command = new("dump", "Print the log's records, one JSON document a line.");
        Argument<string> directory = new("DIR") { Description = "The node's binlog directory, or its data directory." };
        Option<ulong?> range = new("--range") { Description = "Only records of this range." };
        Option<ulong?> from = new("--from") { Description = "Only from this log index on." };
        command.Add(directory);
        command.Add(range);
        command.Add(from);
        command.SetAction((parsed, cancel) =>
            BinlogFiles.DumpAsync(Existing(parsed.GetValue(directory)!), parsed.GetValue(range), parsed.GetValue(from), cancel));
        return command;
    }

    private static Command Verify()
    {
        Command command = new("verify", "Check every record of the log; exit code 1 when something acknowledged is damaged.");
        Argument<string> directory = new("DIR") { Description = "The node's binlog directory, or its data directory." };
        Option<bool> json = new("--json") { Description = "Answer as JSON." };
        command.Add(directory);
        command.Add(json);
        command.SetAction((parsed, _) =>
            BinlogFiles.VerifyAsync(Existing(parsed.GetValue(directory)!), parsed.GetValue(json)));
        return command;
    }

    private static string Existing(string directory) =>
        Directory.Exists(directory) ? directory : throw new RefusedException($"There is no directory '{directory}'. Give a node's data directory.");
}
