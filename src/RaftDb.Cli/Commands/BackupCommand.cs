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

/// <summary>raftdb recover --data DIR --unsafe</summary>
internal static class RecoverCommand
{
    public static Command Build()
    {
        Command command = new("recover", "Make a lone node usable again when the quorum is lost for good. Acknowledged writes may be lost.");
        Option<string> data = new("--data") { Description = "The data directory of the node that is left.", Required = true };
        Option<bool> @unsafe = new("--unsafe") { Description = "Say that you know acknowledged writes may be lost." };
        command.Add(data);
        command.Add(@unsafe);
        command.SetAction((parsed, _) => parsed.GetValue(@unsafe)
            ? throw new RefusedException($"`raftdb recover` is not supported by this version ('{parsed.GetValue(data)}'). Restore the last backup with `raftdb restore`.")
            : throw new UsageException("--unsafe: recovering without a quorum may lose acknowledged writes; add --unsafe if nothing else is left."));
        return command;
    }
}
