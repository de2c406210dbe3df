namespace RaftDb.Storage.Disk;

/// <summary>Keeps a second process out of a data directory. The operating system drops the lock when the process ends, however it ends,
/// so a leftover file means nothing.</summary>
public sealed class DirectoryLock : IDisposable
{
    /// <summary>The lock file's name in the directory.</summary>
    public const string FileName = "LOCK";

    private readonly FileStream _file;

    private DirectoryLock(FileStream file) => _file = file;

    /// <summary>Takes the lock, creating the directory when it is missing. Throws <see cref="StorageRefusedException"/> when another process has it.</summary>
    public static DirectoryLock Take(string directory)
    {
        string full = Path.GetFullPath(directory);
        Directory.CreateDirectory(full);
        try
        {
            // FileShare.None is flock(LOCK_EX | LOCK_NB) on Unix.
            var file = new FileStream(Path.Combine(full, FileName), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 0);
            return new DirectoryLock(file);
        }
        catch (IOException e) when (e is not (FileNotFoundException or DirectoryNotFoundException))
        {
            throw new StorageRefusedException(
                $"The data directory {full} is in use by another process, or can't be locked: {e.Message} Stop the other process, or give this one a directory of its own.", e);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();
}
