using RaftDb.Simulation.Core;
using RaftDb.Storage.Binlog.Format;
using RaftDb.Storage.Binlog.Segments;
using RaftDb.Storage.Disk;

namespace RaftDb.Simulation.Disk;

/// <summary>The disk under one machine's binlog. Fault model: until a file is synced, each 512-byte sector that was written since may or may not be on the platter at a power
/// cut, whatever the order of writing; names change in the order of a journal of which a power cut keeps a beginning, all of it after the directory is synced.
/// An operation may fail once or for ever, the disk may be full, bits may flip and a write may land elsewhere in its file.</summary>
internal sealed class SimDisk(SimRandom random) : IDisk
{
    public const int SectorSize = 512;

    private readonly SortedDictionary<string, SimFile> _names = new(StringComparer.Ordinal);
    private readonly List<NameChange> _journal = [];
    private readonly List<(SimFile File, long At)> _astray = [];
    private SortedDictionary<string, SimFile> _durableNames = new(StringComparer.Ordinal);
    private long _used;

    /// <summary>Bytes that all files may take together.</summary>
    public long Room { get; set; } = long.MaxValue;

    /// <summary>Bytes that all files take.</summary>
    public long Used => _used;

    /// <summary>The power goes at this operation from now on; 0 = it does not.</summary>
    public int CutAt { get; set; }

    /// <summary>This operation from now on fails; 0 = none.</summary>
    public int FailAt { get; set; }

    /// <summary>Whether all operations fail from the first failure on.</summary>
    public bool FailsForEver { get; set; }

    /// <summary>How many operations failed, for lack of room as well.</summary>
    public int Failures { get; private set; }

    /// <summary>Refusals for lack of room.</summary>
    public int Fulls { get; private set; }

    /// <summary>Called when there was no room.</summary>
    public Action? Full { get; set; }

    /// <summary>The next write lands elsewhere in its file.</summary>
    public bool MisdirectNext { get; set; }

    /// <summary>Called when a write lands elsewhere.</summary>
    public Action<string>? Astray { get; set; }

    /// <summary>Whether bits were flipped or writes misdirected.</summary>
    public bool IsDamaged { get; private set; }

    /// <summary>Whether a power cut may take files away or bring them back.</summary>
    public bool HasUnsyncedNames => _journal.Count > 0;

    /// <summary>Whether a power cut may take bytes away.</summary>
    public bool HasUnsyncedBytes => _names.Values.Any(f => f.IsPending);

    public IDiskFile Open(string path, bool create)
    {
        Count();
        if (!_names.TryGetValue(path, out SimFile? file))
        {
            if (!create)
            {
                throw new IOException($"No file {path}.");
            }

            file = new SimFile();
            Change(new(null, path, file));
        }

        return new Handle(this, file);
    }

    public bool Exists(string path) => _names.ContainsKey(path);

    public IReadOnlyList<string> List(string directory)
    {
        string prefix = directory.Length == 0 ? "" : directory + "/";
        return [.. _names.Keys.Where(n => n.StartsWith(prefix, StringComparison.Ordinal)).Select(n => n[prefix.Length..])];
    }

    public void CreateDirectory(string directory)
    {
    }

    public void Rename(string from, string to)
    {
        Count();
        if (!_names.TryGetValue(from, out SimFile? file))
        {
            throw new IOException($"No file {from}.");
        }

        Change(new(from, to, file));
    }

    public void Delete(string path)
    {
        Count();
        if (_names.ContainsKey(path))
        {
            Change(new(path, null, null));
        }
    }

    public void SyncDirectory(string directory)
    {
        Count();
        _durableNames = new(_names, StringComparer.Ordinal);
        _journal.Clear();
    }

    /// <summary>What it holds is not what was written.</summary>
    public void MarkDamaged() => IsDamaged = true;

    /// <summary>Another disk, with nothing on it.</summary>
    public void Wipe()
    {
        Disarm();
        _names.Clear();
        _durableNames.Clear();
        _journal.Clear();
        _astray.Clear();
        _used = 0;
        IsDamaged = true;
    }

    /// <summary>The process died and the machine did not: everything written is still there.</summary>
    public void ProcessDied() => Disarm();

    /// <summary>The power went: what was synced is there, and of the rest what the dice save.</summary>
    public void PowerCut()
    {
        Disarm();
        int kept = random.Between(0, _journal.Count);
        SortedDictionary<string, SimFile> names = _durableNames;
        for (int i = 0; i < kept; i++)
        {
            _journal[i].Do(names);
        }

        _names.Clear();
        _used = 0;
        int keep = random.Pick([0, 100_000, 500_000, 900_000, 1_000_000]);
        foreach ((string name, SimFile file) in names)
        {
            file.PowerCut(random, keep);
            _names.Add(name, file);
            _used += file.Length;
        }

        _durableNames = new(_names, StringComparer.Ordinal);
        _journal.Clear();
    }

    /// <summary>Flips a bit of a byte that is on the platter, in a file of the log, where it can be told from a torn tail (<see cref="SafeToRot"/>). Answers where; null when there is
    /// nothing to flip.</summary>
    public string? FlipBit(bool powerMayGo)
    {
        List<(uint Number, SimFile File)> segments = Segments();
        BinlogPosition safe = SafeToRot.Of(segments.Select(s => (s.Number, powerMayGo ? s.File.Platter : s.File.Bytes)), marksStay: !powerMayGo);
        segments.RemoveAll(s => s.Number > safe.Segment);
        if (segments.Count == 0)
        {
            return null;
        }

        (uint segment, SimFile rots) = random.Pick(segments);
        long end = segment == safe.Segment ? safe.Offset : rots.Written;
        long at = random.Below(end);
        if (random.Chance(400_000))
        {
            // The last batches are where rot and a torn tail are alike.
            at = Math.Max(0, end - 1 - random.Below(SectorSize * 2L));
        }

        rots.Flip(at, random.Below(8));
        IsDamaged = true;
        return $"segment {segment} at {at}";
    }

    /// <summary>Where the log would have to have records of a write that went elsewhere, and nothing on the disk says so: recovery can't tell it from a write that was never finished.
    /// Null when there is no such place.</summary>
    public string? LooksTorn()
    {
        if (_astray.Count == 0)
        {
            return null;
        }

        List<(uint Number, SimFile File)> segments = Segments();
        BinlogPosition named = SafeToRot.Of(segments.Select(s => (s.Number, s.File.Bytes)), marksStay: true);
        foreach ((SimFile file, long at) in _astray)
        {
            int found = segments.FindIndex(s => s.File == file);
            if (found >= 0 && named <= new BinlogPosition(segments[found].Number, (uint)at))
            {
                return $"segment {segments[found].Number} at {at}";
            }
        }

        return null;
    }

    /// <summary>Writes all files as a running process sees them into a real directory, for people to look at.</summary>
    public void Copy(string directory)
    {
        foreach ((string name, SimFile file) in _names)
        {
            byte[] bytes = new byte[file.Length];
            file.Read(bytes, 0);
            string path = Path.Combine(directory, name);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllBytes(path, bytes);
        }
    }

    private List<(uint Number, SimFile File)> Segments()
    {
        List<(uint Number, SimFile File)> segments = [];
        foreach ((string name, SimFile file) in _names)
        {
            if (SegmentFiles.TryParse(name[(name.LastIndexOf('/') + 1)..], out uint number))
            {
                segments.Add((number, file));
            }
        }

        return segments;
    }

    private void Disarm()
    {
        CutAt = 0;
        FailAt = 0;
        MisdirectNext = false;
    }

    private void Change(in NameChange change)
    {
        change.Do(_names);
        _journal.Add(change);
        _used = _names.Values.Sum(f => f.Length);
    }

    private void Count()
    {
        if (CutAt > 0 && --CutAt == 0)
        {
            throw new PowerCutException();
        }

        if (FailAt > 0 && --FailAt == 0)
        {
            Failures++;
            FailAt = FailsForEver ? 1 : 0;
            throw new IOException("Input/output error (injected).");
        }
    }

    private void Grow(SimFile file, long length)
    {
        if (length <= file.Length)
        {
            return;
        }

        if (_used + length - file.Length > Room)
        {
            Fulls++;
            Full?.Invoke();
            throw new DiskFullException($"No room for {length} bytes (injected).");
        }

        _used += length - file.Length;
        file.Grow(length);
    }

    private readonly record struct NameChange(string? From, string? To, SimFile? File)
    {
        public void Do(SortedDictionary<string, SimFile> names)
        {
            if (From is not null)
            {
                names.Remove(From);
            }

            if (To is not null)
            {
                names[To] = File!;
            }
        }
    }

    private sealed class Handle(SimDisk disk, SimFile file) : IDiskFile
    {
        private bool _isClosed;

        public long Length => file.Length;

        public int Read(Span<byte> buffer, long offset)
        {
            ObjectDisposedException.ThrowIf(_isClosed, this);
            return file.Read(buffer, offset);
        }

        public void Write(IReadOnlyList<ReadOnlyMemory<byte>> buffers, long offset)
        {
            ObjectDisposedException.ThrowIf(_isClosed, this);
            disk.Count();
            long total = 0;
            for (int i = 0; i < buffers.Count; i++)
            {
                total += buffers[i].Length;
            }

            disk.Grow(file, offset + total);
            if (disk.MisdirectNext && file.Length > offset + total + SectorSize)
            {
                disk.MisdirectNext = false;
                disk.IsDamaged = true;
                disk._astray.Add((file, offset));
                disk.Astray?.Invoke($"{total} bytes at {offset}");
                offset += SectorSize * (1 + disk._names.Count % 3);
                offset = Math.Min(offset, file.Length - total);
            }

            for (int i = 0; i < buffers.Count; i++)
            {
                file.Write(buffers[i].Span, offset);
                offset += buffers[i].Length;
            }
        }

        public void Allocate(long length)
        {
            disk.Count();
            disk.Grow(file, length);
        }

        public void SetLength(long length)
        {
            disk.Count();
            disk.Grow(file, length);
            disk._used -= file.Length - length;
            file.Cut(length);
        }

        public void Sync()
        {
            try
            {
                disk.Count();
            }
            catch (IOException)
            {
                // What could not be written is forgotten: a later sync that succeeds says nothing about it.
                file.Forget();
                throw;
            }

            file.Sync();
        }

        public void Dispose() => _isClosed = true;
    }
}
