using System.Globalization;
using System.Runtime.InteropServices;

namespace RaftDb.Storage.StateMachines;

/// <summary>The directory of one range: ranges/ID, with state-GENERATION.db, SQLite's companions (-wal, -shm), and outgoing-N.db copies.</summary>
internal sealed partial class StateDirectory(string dataDirectory, RangeId range)
{
    private const string StatePrefix = "state-";
    private const string OutgoingPrefix = "outgoing-";
    private const string Suffix = ".db";

    // SQLite's companions go first, then the file: a companion that outlives its file would be replayed into the next one of that name.
    private static readonly string[] Companions = ["-wal", "-shm", "-journal"];

    /// <summary>The directory.</summary>
    public string Directory { get; } = System.IO.Path.Combine(dataDirectory, "ranges", range.ToString());

    /// <summary>The path of a file in it.</summary>
    public string Path(string fileName) => System.IO.Path.Combine(Directory, fileName);

    /// <summary>The name of a state file.</summary>
    public static string StateName(ulong generation) => $"{StatePrefix}{generation.ToString(CultureInfo.InvariantCulture)}{Suffix}";

    /// <summary>The name of a copy for a follower.</summary>
    public static string OutgoingName(int number) => $"{OutgoingPrefix}{number.ToString(CultureInfo.InvariantCulture)}{Suffix}";

    /// <summary>The generation in the name of a state file or of a companion; null for other files.</summary>
    public static ulong? Generation(string fileName)
    {
        int end = fileName.IndexOf(Suffix, StringComparison.Ordinal);
        return fileName.StartsWith(StatePrefix, StringComparison.Ordinal) && end > StatePrefix.Length
            && ulong.TryParse(fileName.AsSpan(StatePrefix.Length..end), NumberStyles.None, CultureInfo.InvariantCulture, out ulong generation)
            ? generation
            : null;
    }

    /// <summary>The highest generation of which anything is there; 0 = none.</summary>
    public ulong HighestGeneration() =>
        System.IO.Directory.Exists(Directory)
            ? System.IO.Directory.EnumerateFiles(Directory).Max(f => Generation(System.IO.Path.GetFileName(f))) ?? 0
            : 0;

    /// <summary>Creates the directory, durably.</summary>
    public void Create()
    {
        if (System.IO.Directory.Exists(Directory))
        {
            return;
        }

        System.IO.Directory.CreateDirectory(Directory);
        Sync(System.IO.Path.GetDirectoryName(Directory)!);
        Sync(dataDirectory);
    }

    /// <summary>Makes creations and deletions in the directory durable.</summary>
    public void Sync() => Sync(Directory);

    /// <summary>Deletes a state file and its companions.</summary>
    public void Delete(string fileName)
    {
        foreach (string companion in Companions)
        {
            File.Delete(Path(fileName) + companion);
        }

        File.Delete(Path(fileName));
    }

    /// <summary>Deletes every copy and every state but one with what belongs to it.</summary>
    public void DeleteLeftovers(string keep)
    {
        bool any = false;
        foreach (string path in System.IO.Directory.GetFiles(Directory).Order(StringComparer.Ordinal))
        {
            string name = System.IO.Path.GetFileName(path);
            bool isOurs = Generation(name) is not null || name.StartsWith(OutgoingPrefix, StringComparison.Ordinal);
            if (isOurs && !name.StartsWith(keep, StringComparison.Ordinal))
            {
                string file = name[..(name.IndexOf(Suffix, StringComparison.Ordinal) + Suffix.Length)];
                Delete(file);
                any = true;
            }
        }

        if (any)
        {
            Sync();
        }
    }

    /// <summary>Removes the directory if nothing is left in it.</summary>
    public void DeleteIfEmpty()
    {
        if (System.IO.Directory.Exists(Directory) && !System.IO.Directory.EnumerateFileSystemEntries(Directory).Any())
        {
            System.IO.Directory.Delete(Directory);
        }
    }

    private static void Sync(string directory)
    {
        const int readOnlyCloseOnExec = 0x80000;
        int file = Open(directory, readOnlyCloseOnExec);
        if (file < 0)
        {
            throw Failure("opening", directory);
        }

        try
        {
            if (Fsync(file) != 0)
            {
                throw Failure("syncing", directory);
            }
        }
        finally
        {
            Close(file);
        }
    }

    private static StorageFailedException Failure(string what, string directory) =>
        new($"The system failed at {what} the directory {directory}: {Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError())}.");

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int Fsync(int file);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    private static partial int Close(int file);
}
