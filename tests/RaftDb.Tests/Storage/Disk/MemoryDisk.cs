using RaftDb.Storage.Disk;

namespace RaftDb.Tests.Storage.Disk;

/// <summary>A disk in memory with the faults of a real one. Fault model: until a file is synced each 512-byte sector written since then may or may not be on
/// the platter, independent of the order of writing; names may be lost until the directory is synced, except that a rename is atomic.</summary>
internal sealed class MemoryDisk : IDisk
{
    public const int SectorSize = 512;
    private readonly Dictionary<string, FileData> _names = [];
    private Dictionary<string, FileData> _durableNames = [];

    /// <summary>Bytes that files may take together.</summary>
    public long Room { get; set; } = long.MaxValue;

    public IEnumerable<string> Names
    {
        get
        {
            lock (_names)
            {
                return [.. _names.Keys.Order(StringComparer.Ordinal)];
            }
        }
    }

    /// <summary>The whole disk as the operating system sees it now: what is left when only the process dies.</summary>
    public MemoryDisk Clone() => Copy(n => n._names, f => [.. f.Bytes]);

    /// <summary>What is left when the power fails: synced sectors, and of the others those that the dice save.</summary>
    public MemoryDisk PowerCut(Random dice)
    {
        double kept = dice.NextDouble();
        return Copy(
            n => dice.Next(2) == 0 ? n._names : n._durableNames,
            f =>
            {
                byte[] bytes = [.. f.Durable];
                Array.Resize(ref bytes, Math.Max(f.Durable.Length, f.Bytes.Length));
                foreach (long sector in f.Pending.Order())
                {
                    if (dice.NextDouble() < kept)
                    {
                        int start = (int)(sector * SectorSize);
                        int length = Math.Min(SectorSize, f.Bytes.Length - start);
                        if (length > 0)
                        {
                            f.Bytes.AsSpan(start, length).CopyTo(bytes.AsSpan(start));
                        }
                    }
                }

                return bytes;
            });
    }

    public byte[] Bytes(string path) => _names[path].Bytes;

    public void Replace(string path, byte[] bytes) => _names[path] = new FileData(bytes);

    public IDiskFile Open(string path, bool create)
    {
        lock (_names)
        {
            if (!_names.TryGetValue(path, out FileData? data))
            {
                if (!create)
                {
                    throw new IOException($"No file {path}.");
                }

                _names[path] = data = new FileData([]);
            }

            return new MemoryFile(this, data);
        }
    }

    public bool Exists(string path)
    {
        lock (_names)
        {
            return _names.ContainsKey(path);
        }
    }

    public IReadOnlyList<string> List(string directory)
    {
        lock (_names)
        {
            string prefix = directory.Length == 0 ? "" : directory + "/";
            return [.. _names.Keys.Where(n => n.StartsWith(prefix, StringComparison.Ordinal)).Select(n => n[prefix.Length..]).Order(StringComparer.Ordinal)];
        }
    }

    public void CreateDirectory(string directory)
    {
    }

    public void Rename(string from, string to)
    {
        lock (_names)
        {
            _names[to] = _names.Remove(from, out FileData? data) ? data : throw new IOException($"No file {from}.");
        }
    }

    public void Delete(string path)
    {
        lock (_names)
        {
            _names.Remove(path);
        }
    }

    public void SyncDirectory(string directory)
    {
        lock (_names)
        {
            _durableNames = new Dictionary<string, FileData>(_names);
        }
    }

    private MemoryDisk Copy(Func<MemoryDisk, Dictionary<string, FileData>> names, Func<FileData, byte[]> bytes)
    {
        lock (_names)
        {
            var copy = new MemoryDisk();
            foreach ((string name, FileData data) in names(this).OrderBy(n => n.Key, StringComparer.Ordinal))
            {
                lock (data)
                {
                    copy._names[name] = new FileData(bytes(data));
                }
            }

            copy._durableNames = new Dictionary<string, FileData>(copy._names);
            return copy;
        }
    }

    private void Grow(FileData data, long length)
    {
        long used;
        lock (_names)
        {
            used = _names.Values.Sum(f => (long)f.Bytes.Length);
        }

        if (length > data.Bytes.Length && used + length - data.Bytes.Length > Room)
        {
            throw new DiskFullException($"No room for {length} bytes.");
        }

        Array.Resize(ref data.Bytes, (int)Math.Max(length, data.Bytes.Length));
    }

    private sealed class FileData(byte[] bytes)
    {
        public byte[] Bytes = bytes;
        public byte[] Durable = [.. bytes];
        public readonly HashSet<long> Pending = [];
    }

    private sealed class MemoryFile(MemoryDisk disk, FileData data) : IDiskFile
    {
        private volatile bool _isClosed;

        public long Length => data.Bytes.Length;

        public int Read(Span<byte> buffer, long offset)
        {
            ObjectDisposedException.ThrowIf(_isClosed, this);
            lock (data)
            {
                int count = (int)Math.Clamp(data.Bytes.Length - offset, 0, buffer.Length);
                data.Bytes.AsSpan((int)Math.Min(offset, data.Bytes.Length), count).CopyTo(buffer);
                return count;
            }
        }

        public void Write(IReadOnlyList<ReadOnlyMemory<byte>> buffers, long offset)
        {
            ObjectDisposedException.ThrowIf(_isClosed, this);
            lock (data)
            {
                disk.Grow(data, offset + buffers.Sum(b => (long)b.Length));
                foreach (ReadOnlyMemory<byte> buffer in buffers)
                {
                    buffer.Span.CopyTo(data.Bytes.AsSpan((int)offset));
                    for (long sector = offset / SectorSize; sector <= (offset + buffer.Length - 1) / SectorSize; sector++)
                    {
                        data.Pending.Add(sector);
                    }

                    offset += buffer.Length;
                }
            }
        }

        public void Allocate(long length)
        {
            lock (data)
            {
                disk.Grow(data, length);
            }
        }

        public void SetLength(long length)
        {
            lock (data)
            {
                disk.Grow(data, length);
                Array.Resize(ref data.Bytes, (int)length);
            }
        }

        public void Sync()
        {
            lock (data)
            {
                // Only what was written since is copied, so that a sync costs what it costs on a disk.
                Array.Resize(ref data.Durable, data.Bytes.Length);
                foreach (long sector in data.Pending)
                {
                    int start = (int)(sector * SectorSize);
                    int length = Math.Min(SectorSize, data.Bytes.Length - start);
                    if (length > 0)
                    {
                        data.Bytes.AsSpan(start, length).CopyTo(data.Durable.AsSpan(start));
                    }
                }

                data.Pending.Clear();
            }
        }

        public void Dispose() => _isClosed = true;
    }
}
