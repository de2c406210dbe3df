using RaftDb.Storage.Disk;

namespace RaftDb.Tests.Storage.Disk;

/// <summary>What the n-th operation that changes something does instead of working.</summary>
internal enum DiskFault
{
    ErrorOnce,
    ErrorFromThenOn,
    FullOnce,
    FullFromThenOn,
    ShortWriteThenError,
    ShortWriteThenFull,
}

/// <summary>Passes everything on to another disk until the n-th operation (1 is the first), which fails.</summary>
internal sealed class FaultyDisk(IDisk inner, int failAt, DiskFault fault) : IDisk
{
    private int _count;

    /// <summary>Whether the run got as far as the fault.</summary>
    public bool WasReached => Volatile.Read(ref _count) >= failAt;

    /// <summary>No more faults from now on.</summary>
    public bool IsHealed { get; set; }

    public IDiskFile Open(string path, bool create)
    {
        Pass(grows: create);
        return new FaultyFile(this, inner.Open(path, create));
    }

    public bool Exists(string path) => inner.Exists(path);

    public IReadOnlyList<string> List(string directory) => inner.List(directory);

    public void CreateDirectory(string directory)
    {
        Pass(grows: true);
        inner.CreateDirectory(directory);
    }

    public void Rename(string from, string to)
    {
        Pass(grows: false);
        inner.Rename(from, to);
    }

    public void Delete(string path)
    {
        Pass(grows: false);
        inner.Delete(path);
    }

    public void SyncDirectory(string directory)
    {
        Pass(grows: false);
        inner.SyncDirectory(directory);
    }

    /// <summary>Counts one operation; true when it is one that writes a part and fails then.</summary>
    private bool Pass(bool grows, bool isWrite = false)
    {
        int number = Interlocked.Increment(ref _count);
        bool forever = fault is DiskFault.ErrorFromThenOn or DiskFault.FullFromThenOn;
        if (IsHealed || (forever ? number < failAt : number != failAt))
        {
            return false;
        }

        bool full = fault is DiskFault.FullOnce or DiskFault.FullFromThenOn;
        if (fault is DiskFault.ShortWriteThenError or DiskFault.ShortWriteThenFull)
        {
            return isWrite;
        }

        if (full && !grows)
        {
            return false;
        }

        throw full ? new DiskFullException($"Fault {number}: full.") : new IOException($"Fault {number}: error.");
    }

    private sealed class FaultyFile(FaultyDisk disk, IDiskFile file) : IDiskFile
    {
        public long Length => file.Length;

        public int Read(Span<byte> buffer, long offset) => file.Read(buffer, offset);

        public void Write(IReadOnlyList<ReadOnlyMemory<byte>> buffers, long offset)
        {
            if (disk.Pass(grows: true, isWrite: true))
            {
                byte[] all = [.. buffers.SelectMany(b => b.ToArray())];
                file.Write([all.AsMemory(0, all.Length / 2)], offset);
                throw disk.Fault is DiskFault.ShortWriteThenFull ? new DiskFullException("Fault: short write.") : new IOException("Fault: short write.");
            }

            file.Write(buffers, offset);
        }

        public void Allocate(long length)
        {
            disk.Pass(grows: true);
            file.Allocate(length);
        }

        public void SetLength(long length)
        {
            disk.Pass(grows: true);
            file.SetLength(length);
        }

        public void Sync()
        {
            disk.Pass(grows: false);
            file.Sync();
        }

        public void Dispose() => file.Dispose();
    }

    private DiskFault Fault => fault;
}
