using System.Runtime.InteropServices;

namespace RaftDb.Server.Bootstrap;

/// <summary>Makes a rename in a directory durable; .NET has no call for it.</summary>
internal static partial class DirectorySync
{
    private const int ReadOnly = 0;
    private const int Directory = 0x10000;
    private const int CloseOnExec = 0x80000;

    /// <summary>Syncs the directory, or throws <see cref="IOException"/>.</summary>
    public static void Sync(string path)
    {
        var descriptor = Open(path, ReadOnly | Directory | CloseOnExec, 0);
        if (descriptor < 0)
        {
            throw new IOException($"Can't open the directory {path}: {Marshal.GetLastPInvokeErrorMessage()}.");
        }

        try
        {
            if (FSync(descriptor) != 0)
            {
                throw new IOException($"Can't sync the directory {path}: {Marshal.GetLastPInvokeErrorMessage()}.");
            }
        }
        finally
        {
            _ = Close(descriptor);
        }
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags, int mode);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int FSync(int descriptor);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int descriptor);
}
