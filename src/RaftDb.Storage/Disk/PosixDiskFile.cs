using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace RaftDb.Storage.Disk;

/// <summary>An open file of <see cref="PosixDisk"/>. All reads and writes name their offset, so threads don't disturb each other.</summary>
internal sealed class PosixDiskFile(SafeFileHandle handle, string path) : IDiskFile
{
    private const int Interrupted = 4;       // EINTR
    private const int InvalidArgument = 22;  // EINVAL
    private const int NotSupported = 95;     // EOPNOTSUPP

    public long Length => Guard("measure", () => RandomAccess.GetLength(handle));

    public int Read(Span<byte> buffer, long offset)
    {
        try
        {
            int total = 0;
            while (total < buffer.Length)
            {
                int read = RandomAccess.Read(handle, buffer[total..], offset + total);
                if (read == 0)
                {
                    break;
                }

                total += read;
            }

            return total;
        }
        catch (Exception e) when (DiskErrors.IsDiskError(e))
        {
            throw DiskErrors.Translate(e, "read", path);
        }
    }

    public void Write(IReadOnlyList<ReadOnlyMemory<byte>> buffers, long offset)
    {
        try
        {
            // The runtime loops over short writes and over more buffers than one call takes.
            if (buffers.Count == 1)
            {
                RandomAccess.Write(handle, buffers[0].Span, offset);
            }
            else
            {
                RandomAccess.Write(handle, buffers, offset);
            }
        }
        catch (Exception e) when (DiskErrors.IsDiskError(e))
        {
            throw DiskErrors.Translate(e, "write", path);
        }
    }

    public void Allocate(long length)
    {
        if (!OperatingSystem.IsLinux())
        {
            SetLength(length);
            return;
        }

        int errno;
        do
        {
            errno = LibC.Allocate(handle, 0, length);
        }
        while (errno == Interrupted);

        if (errno is InvalidArgument or NotSupported)
        {
            SetLength(length); // A file system that can't reserve: the length is all we get.
        }
        else if (errno != 0)
        {
            throw DiskErrors.FromErrno(errno, $"reserve {length} bytes for", path);
        }
    }

    public void SetLength(long length) => Guard("resize", () =>
    {
        RandomAccess.SetLength(handle, length);
        return true;
    });

    public void Sync()
    {
        if (!OperatingSystem.IsLinux())
        {
            Guard("sync", () =>
            {
                RandomAccess.FlushToDisk(handle);
                return true;
            });
            return;
        }

        while (LibC.SyncData(handle) != 0)
        {
            int errno = Marshal.GetLastPInvokeError();
            if (errno != Interrupted)
            {
                throw DiskErrors.FromErrno(errno, "sync", path);
            }
        }
    }

    public void Dispose() => handle.Dispose();

    private T Guard<T>(string what, Func<T> action)
    {
        try
        {
            return action();
        }
        catch (Exception e) when (DiskErrors.IsDiskError(e))
        {
            throw DiskErrors.Translate(e, what, path);
        }
    }
}
