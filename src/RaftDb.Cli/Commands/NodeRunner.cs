namespace RaftDb.Cli.Commands;

/// <summary>Where the command hands over to the server.</summary>
internal static class NodeRunner
{
    public static Task<int> StartAsync(StartArguments arguments, CancellationToken cancel) => throw NotInThisBuild("start", arguments, cancel);

    public static Task<int> DevAsync(DevArguments arguments, CancellationToken cancel) => throw NotInThisBuild("dev", arguments, cancel);

    public static Task<int> DumpBinlogAsync(string directory, ulong? range, ulong? from, CancellationToken cancel) =>
        throw NotInThisBuild("binlog dump", (directory, range, from), cancel);

    public static Task<int> VerifyBinlogAsync(string directory, bool json, CancellationToken cancel) =>
        throw NotInThisBuild("binlog verify", (directory, json), cancel);

    public static Task<int> BackupAsync(string servers, string file, bool json, CancellationToken cancel) =>
        throw NotInThisBuild("backup", (servers, file, json), cancel);

    public static Task<int> RestoreAsync(string file, string data, CancellationToken cancel) =>
        throw NotInThisBuild("restore", (file, data), cancel);

    public static Task<int> RecoverAsync(string data, CancellationToken cancel) => throw NotInThisBuild("recover", data, cancel);

    private static RefusedException NotInThisBuild(string command, object arguments, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        return new RefusedException($"`raftdb {command}` is not part of this build ({arguments}).");
    }
}
