using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace RaftDb.Storage.Disk;

/// <summary>The few calls of the C library that .NET has no door to.</summary>
internal static partial class LibC
{
    /// <summary>O_RDONLY | O_CLOEXEC: a directory opened for reading can be synced, and the flags are the same on x64 and arm64.</summary>
    public const int ReadOnlyCloseOnExec = 0x80000;

    [LibraryImport("libc", EntryPoint = "fdatasync", SetLastError = true)]
    public static partial int SyncData(SafeFileHandle file);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    public static partial int SyncAll(SafeFileHandle file);

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Open(string path, int flags);

    /// <summary>Returns the error number instead of setting errno.</summary>
    [LibraryImport("libc", EntryPoint = "posix_fallocate")]
    public static partial int Allocate(SafeFileHandle file, long offset, long length);
}
