using RaftDb.Storage.Disk;

namespace RaftDb.Tests.Storage.Disk;

/// <summary>Passes everything on to another disk, tells before each write to a file, and counts what is written.</summary>
internal sealed class WatchedDisk(IDisk inner) : IDisk
{
    public Action? Writing { get; set; }

    public long BytesWritten { get; private set; }

    public IDiskFile Open(string path, bool create) => new WatchedFile(this, inner.Open(path, create));

    public bool Exists(string path) => inner.Exists(path);

    public IReadOnlyList<string> List(string directory) => inner.List(directory);

    public void CreateDirectory(string directory) => inner.CreateDirectory(directory);

    public void Rename(string from, string to) => inner.Rename(from, to);

    public void Delete(string path) => inner.Delete(path);

    public void SyncDirectory(string directory) => inner.SyncDirectory(directory);

    private sealed class WatchedFile(WatchedDisk disk, IDiskFile inner) : IDiskFile
    {
        public long Length => inner.Length;

        public int Read(Span<byte> buffer, long offset) => inner.Read(buffer, offset);

        public void Write(IReadOnlyList<ReadOnlyMemory<byte>> buffers, long offset)
        {
            disk.Writing?.Invoke();
            disk.BytesWritten += buffers.Sum(b => (long)b.Length);
            inner.Write(buffers, offset);
        }

        public void Allocate(long length) => inner.Allocate(length);

        public void SetLength(long length) => inner.SetLength(length);

        public void Sync() => inner.Sync();

        public void Dispose() => inner.Dispose();
    }
}
