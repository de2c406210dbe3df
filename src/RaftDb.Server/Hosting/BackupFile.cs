using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using RaftDb.Client.Protocol;
using RaftDb.Server.Ranges;
using RaftDb.Storage;
using RaftDb.Storage.StateMachines.Snapshots;

namespace RaftDb.Server.Hosting;

/// <summary>A backup, read and checked: which ranges it holds and where their data is in the file. See <see cref="BackupRange"/> for the format.</summary>
internal sealed class BackupFile
{
    private readonly List<(BackupRange Range, long Offset)> _ranges = [];

    private BackupFile(string path) => Path = path;

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>SHA-256 of all before the last line: names the backup.</summary>
    public string Sha256 { get; private set; } = "";

    /// <summary>The ranges in it, by id.</summary>
    public IEnumerable<BackupRange> Ranges => _ranges.Select(r => r.Range);

    /// <summary>Where its user ranges were cut.</summary>
    public IReadOnlyList<ReadOnlyMemory<byte>> SplitKeys =>
        [.. _ranges.Where(r => r.Range.Kind == "kv" && r.Range.Start is not null).Select(r => r.Range.Start!.Value.Bytes).OrderBy(k => k, KeyOrder.Instance)];

    /// <summary>Reads and verifies the whole file. Throws <see cref="StorageRefusedException"/> when it is not a whole backup.</summary>
    public static BackupFile Open(string path)
    {
        BackupFile backup = new(path);
        using FileStream file = File.OpenRead(path);
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        byte[] buffer = new byte[256 << 10];
        Expect(backup, ReadLine(file) is { } first && first + "\n" == BackupFormat.FirstLine, "it does not start as a RaftDb backup");
        hash.AppendData(Encoding.UTF8.GetBytes(BackupFormat.FirstLine));
        while (true)
        {
            string? line = ReadLine(file);
            Expect(backup, line is not null, "it ends in the middle; the backup was not finished");
            if (line!.StartsWith("{\"Ranges\"", StringComparison.Ordinal))
            {
                BackupEnd end = JsonSerializer.Deserialize<BackupEnd>(line)!;
                backup.Sha256 = Convert.ToHexStringLower(hash.GetHashAndReset());
                Expect(backup, end.Ranges == backup._ranges.Count && end.Sha256 == backup.Sha256, "its checksum does not fit its content");
                return backup;
            }

            BackupRange range;
            try
            {
                range = JsonSerializer.Deserialize<BackupRange>(line) ?? throw new JsonException();
            }
            catch (JsonException)
            {
                throw Refused(backup, $"at byte {file.Position} there is no description of a range");
            }

            hash.AppendData(Encoding.UTF8.GetBytes(line + "\n"));
            backup._ranges.Add((range, file.Position));
            for (long left = range.Length; left > 0;)
            {
                int read = file.Read(buffer, 0, (int)Math.Min(left, buffer.Length));
                Expect(backup, read > 0, $"it ends in the middle of range {range.Range}; the backup was not finished");
                hash.AppendData(buffer, 0, read);
                left -= read;
            }
        }
    }

    /// <summary>Opens one range's data.</summary>
    public (SnapshotHeader Header, Stream Data) OpenRange(RangeId range)
    {
        (BackupRange found, long offset) = _ranges.Single(r => r.Range.Range == range.Value);
        FileStream file = File.OpenRead(Path);
        file.Position = offset;
        return (RangeBackup.HeaderOf(found), new BoundedStream(file, found.Length));
    }

    private static string? ReadLine(FileStream file)
    {
        const int MaxLine = 1 << 20;
        List<byte> line = [];
        for (int next; (next = file.ReadByte()) >= 0 && line.Count < MaxLine;)
        {
            if (next == '\n')
            {
                return Encoding.UTF8.GetString([.. line]);
            }

            line.Add((byte)next);
        }

        return null;
    }

    private static void Expect(BackupFile backup, bool holds, string fault)
    {
        if (!holds)
        {
            throw Refused(backup, fault);
        }
    }

    private static StorageRefusedException Refused(BackupFile backup, string fault) =>
        new($"{backup.Path} can't be restored: {fault}. Use another backup.");

    private sealed class KeyOrder : IComparer<ReadOnlyMemory<byte>>
    {
        public static readonly KeyOrder Instance = new();

        public int Compare(ReadOnlyMemory<byte> x, ReadOnlyMemory<byte> y) => x.Span.SequenceCompareTo(y.Span);
    }

    /// <summary>The next so many bytes of a file, as a stream of its own.</summary>
    private sealed class BoundedStream(FileStream inner, long length) : Stream
    {
        private long _read;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length { get; } = length;

        public override long Position
        {
            get => _read;
            set => throw new NotSupportedException();
        }

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

        public override int Read(Span<byte> buffer)
        {
            int read = inner.Read(buffer[..(int)Math.Min(buffer.Length, Length - _read)]);
            _read += read;
            return read;
        }

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            inner.Dispose();
            base.Dispose(disposing);
        }
    }
}
