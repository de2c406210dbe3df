namespace RaftDb.Storage.Binlog.Recovery;

/// <summary>Tells one run of the machine from the next, so that a restart of the process alone is not taken for one of the machine.</summary>
internal static class BootId
{
    private const string Path = "/proc/sys/kernel/random/boot_id";

    /// <summary>A new id each time where the platform has none: then every unclean restart counts as one of the machine.</summary>
    public static Guid Current() =>
        File.Exists(Path) && Guid.TryParse(File.ReadAllText(Path).Trim(), out Guid id) ? id : Guid.NewGuid();
}
