using System.Buffers.Text;
using RaftDb.Storage.Disk;

namespace RaftDb.Storage.StateMachines.Sqlite;

/// <summary>Has the operating system begin to write what SQLite has written to a file, a piece at a time and without waiting for it. Else it gathers in memory until the sync at the end, gigabytes of it for a large
/// range, and the syncs of the binlog, which clients wait for, wait behind all that. Nothing depends on it: where it can't be done, the sync at the end does all. On Linux.</summary>
internal static class WriteBehind
{
    /// <summary>Bytes written to a file after which their way to the disk begins. 1 MiB: a few milliseconds of a disk's time, which is what a sync of the binlog may have to wait for.</summary>
    public const int PieceBytes = 1 << 20;

    /// <summary>Numbers that no open file has, one after the other, after which no further ones are looked at: they are given from the lowest on.</summary>
    private const int FreeAtTheEnd = 256;

    private const int LongestPath = 4096;
    private const int NotFound = -1;

    /// <summary>Begins to write what is in memory of a file.</summary>
    /// <param name="path">As SQLite has opened it: absolute, in UTF-8, with a zero behind it.</param>
    /// <param name="descriptor">The number under which this process had the file open the last time, 0 the first time; the answer is for the next time. SQLite tells nobody its own, and closing a file of ours would give
    /// up SQLite's locks on it. Should another file have got the number since it was looked at, that one is written a little earlier, and no harm is done. Negative: it was not found, and is not looked for again.</param>
    public static int Begin(ReadOnlySpan<byte> path, int descriptor)
    {
        Span<byte> resolved = stackalloc byte[LongestPath];
        if (!OperatingSystem.IsLinux() || descriptor < 0 || LibC.ResolvePath(path, resolved) == 0)
        {
            return NotFound;
        }

        ReadOnlySpan<byte> real = resolved[..resolved.IndexOf((byte)0)];
        Span<byte> link = stackalloc byte[LongestPath];
        int found = descriptor > 0 && real.SequenceEqual(LinkOf(descriptor, link)) ? descriptor : Find(real, link);
        if (found != NotFound)
        {
            // A file system that can't do it says so, and writes at the sync.
            _ = LibC.SyncRange(found, 0, 0, LibC.BeginToWrite);
        }

        return found;
    }

    private static int Find(ReadOnlySpan<byte> path, Span<byte> link)
    {
        int free = 0;
        for (int descriptor = 1; free < FreeAtTheEnd; descriptor++)
        {
            ReadOnlySpan<byte> open = LinkOf(descriptor, link);
            if (path.SequenceEqual(open))
            {
                return descriptor;
            }

            free = open.IsEmpty ? free + 1 : 0;
        }

        return NotFound;
    }

    /// <summary>What the open file of a number is called; empty for a number that none has.</summary>
    private static ReadOnlySpan<byte> LinkOf(int descriptor, Span<byte> link)
    {
        Span<byte> name = stackalloc byte[32];
        "/proc/self/fd/"u8.CopyTo(name);
        Utf8Formatter.TryFormat(descriptor, name["/proc/self/fd/"u8.Length..], out int digits);
        name["/proc/self/fd/"u8.Length + digits] = 0;
        nint length = LibC.ReadLink(name, link, link.Length);
        return length < 0 ? default : link[..(int)length];
    }
}
