using System.CommandLine;

namespace RaftDb.Cli.Commands;

/// <summary>raftdb backup FILE</summary>
internal static class BackupCommand
{
    public static Command Build()
    {
        Command command = new("backup", "Write the whole cluster's data to a file, consistent per range.");
        Argument<string> file = new("FILE");
        command.Add(file);
        ClientOptions client = new(command);
        command.SetAction((parsed, cancel) =>
        {
            string path = parsed.GetValue(file)!;
            return File.Exists(path)
                ? throw new RefusedException($"'{path}' exists already. Choose another name, or remove it first.")
                : BackupFiles.BackupAsync(client.Servers(parsed), path, client.Json(parsed), cancel);
        });
        return command;
    }
}

/// <summary>raftdb restore FILE --data DIR</summary>
internal static class RestoreCommand
{
    public static Command Build()
    {
        Command command = new("restore", "Make a data directory from a backup.");
        Argument<string> file = new("FILE");
        Option<string> data = new("--data") { Description = "The directory to make.", Required = true };
        command.Add(file);
        command.Add(data);
        command.SetAction((parsed, _) =>
        {
            string path = parsed.GetValue(file)!;
            return File.Exists(path)
                ? BackupFiles.RestoreAsync(path, parsed.GetValue(data)!)
                : throw new RefusedException($"There is no file '{path}'.");
        });
        return command;
    }
}

/// <summary>raftdb recover --data DIR --unsafe | --resume RANGE</summary>
internal static class RecoverCommand
{
    public static Command Build()
    {
        Command command = new("recover", "For a stopped node: make it usable alone when the quorum is lost for good (acknowledged writes may be lost), or let a halted replica try again.");
        Option<string> data = new("--data") { Description = "The data directory of the stopped node.", Required = true };
        Option<ulong?> resume = new("--resume") { Description = "Let this range's replica, which was halted by an entry that broke an invariant, try again." };
        Option<bool> @unsafe = new("--unsafe") { Description = "Say that you know acknowledged writes may be lost." };
        command.Add(data);
        command.Add(@unsafe);
        command.Add(resume);
        command.SetAction((parsed, _) => parsed.GetValue(resume) is { } range
            ? RecoverFiles.ResumeAsync(parsed.GetValue(data)!, range)
            : parsed.GetValue(@unsafe)
            ? RecoverFiles.RecoverAsync(parsed.GetValue(data)!)
            : throw new UsageException("--unsafe: recovering without a quorum may lose acknowledged writes; add --unsafe if nothing else is left."));
        return command;
    }
}
