using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace RaftDb.Storage.Disk;

/// <summary>The few calls of the C library that .NET has no door to.</summary>
internal static partial class LibC
{
    /// <summary>O_RDONLY | O_CLOEXEC: a directory opened for reading can be synced, and the flags are the same on x64 and arm64.</summary>
    public const int ReadOnlyCloseOnExec = 0x80000;

    /// <summary>SYNC_FILE_RANGE_WRITE: begin, and don't wait.</summary>
    public const uint BeginToWrite = 2;

    [LibraryImport("libc", EntryPoint = "fdatasync", SetLastError = true)]
    public static partial int SyncData(SafeFileHandle file);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    public static partial int SyncAll(SafeFileHandle file);

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Open(string path, int flags);

    /// <summary>Returns the error number instead of setting errno.</summary>
    [LibraryImport("libc", EntryPoint = "posix_fallocate")]
    public static partial int Allocate(SafeFileHandle file, long offset, long length);

    /// <summary>Of Linux. A length of 0 is up to the end.</summary>
    [LibraryImport("libc", EntryPoint = "sync_file_range")]
    public static partial int SyncRange(int descriptor, long offset, long length, uint flags);

    /// <summary>0 where it fails. What it answers is at most 4,096 bytes long, ends with a zero and is in <paramref name="resolved"/>.</summary>
    [LibraryImport("libc", EntryPoint = "realpath")]
    public static partial nint ResolvePath(ReadOnlySpan<byte> path, Span<byte> resolved);

    [LibraryImport("libc", EntryPoint = "readlink")]
    public static partial nint ReadLink(ReadOnlySpan<byte> path, Span<byte> target, nint bytes);
}
