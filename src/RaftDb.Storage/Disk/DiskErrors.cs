using System.Runtime.InteropServices;

namespace RaftDb.Storage.Disk;

/// <summary>Turns what the runtime and the C library throw into the two kinds of failure that <see cref="IDisk"/> has.</summary>
internal static class DiskErrors
{
    private const int NoSpace = 28;     // ENOSPC
    private const int QuotaExceeded = 122; // EDQUOT

    /// <summary>Whether this is a failure of the environment, to be translated.</summary>
    public static bool IsDiskError(Exception e) =>
        e is (IOException or UnauthorizedAccessException) and not DiskFullException;

    public static IOException Translate(Exception e, string what, string path) => e switch
    {
        // .NET keeps the plain errno in HResult for codes that it has no exception type of its own for.
        IOException { HResult: NoSpace or QuotaExceeded } => new DiskFullException($"No room on the disk to {what} {path}.", e),
        IOException => new IOException($"Could not {what} {path}: {e.Message}", e),
        _ => new IOException($"Could not {what} {path}: {e.Message}", e),
    };

    public static IOException FromErrno(int errno, string what, string path)
    {
        string reason = Marshal.GetPInvokeErrorMessage(errno);
        return errno is NoSpace or QuotaExceeded
            ? new DiskFullException($"No room on the disk to {what} {path}: {reason}.")
            : new IOException($"Could not {what} {path}: {reason} (errno {errno}).", errno);
    }
}
