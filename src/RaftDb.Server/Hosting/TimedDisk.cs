using System.Diagnostics;
using RaftDb.Server.Metrics;
using RaftDb.Storage.Disk;

namespace RaftDb.Server.Hosting;

/// <summary>The real disk, with the time of each sync measured.</summary>
internal sealed class TimedDisk(IDisk inner, NodeMetrics metrics) : IDisk
{
    public IDiskFile Open(string path, bool create) => new TimedFile(inner.Open(path, create), metrics);

    public bool Exists(string path) => inner.Exists(path);

    public IReadOnlyList<string> List(string directory) => inner.List(directory);

    public void CreateDirectory(string directory) => inner.CreateDirectory(directory);

    public void Rename(string from, string to) => inner.Rename(from, to);

    public void Delete(string path) => inner.Delete(path);

    public void SyncDirectory(string directory) => inner.SyncDirectory(directory);

    private sealed class TimedFile(IDiskFile inner, NodeMetrics metrics) : IDiskFile
    {
        public long Length => inner.Length;

        public int Read(Span<byte> buffer, long offset) => inner.Read(buffer, offset);

        public void Write(IReadOnlyList<ReadOnlyMemory<byte>> buffers, long offset) => inner.Write(buffers, offset);

        public void Allocate(long length) => inner.Allocate(length);

        public void SetLength(long length) => inner.SetLength(length);

        public void Sync()
        {
            long began = Stopwatch.GetTimestamp();
            inner.Sync();
            metrics.BinlogSynced(Stopwatch.GetElapsedTime(began));
        }

        public void Dispose() => inner.Dispose();
    }
}
