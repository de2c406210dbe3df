using RaftDb.Storage.Binlog.Format;
using RaftDb.Storage.Binlog.Segments;
using RaftDb.Storage.Disk;

namespace RaftDb.Storage.Binlog.Recovery;

/// <summary>A segment file as it is found: header checked, bytes read on demand.</summary>
internal sealed class SegmentSource
{
    private SegmentSource(uint number, string path, IDiskFile file, SegmentHeader header, string? damage)
    {
        Number = number;
        Path = path;
        File = file;
        Header = header;
        Damage = damage;
    }

    public uint Number { get; }

    public string Path { get; }

    public IDiskFile File { get; }

    public SegmentHeader Header { get; }

    /// <summary>What is wrong with header or length; null when nothing is.</summary>
    public string? Damage { get; }

    /// <summary>Both copies of the header are gone: nothing can be said of a file in which nothing is recognized, least of all that it may be deleted.</summary>
    public bool HeaderIsLost { get; private init; }

    /// <summary>Whether the end of the file, and perhaps records with it, is gone.</summary>
    public bool IsShort => File.Length < Header.Capacity;

    /// <summary>Opens the file and checks that it is ours.</summary>
    public static SegmentSource Open(IDisk disk, string path, uint number, in BinlogIdentity identity, long usualCapacity)
    {
        IDiskFile file = disk.Open(path, create: false);
        try
        {
            var block = new byte[SegmentHeader.BlockSize];
            int read = file.Read(block, 0);
            string? damage = null;
            bool lost = false;
            if (SegmentHeader.TryDecode(block.AsSpan(0, read), out SegmentHeader header, out bool damaged))
            {
                Refuse(header, path, number, identity);
                if (damaged)
                {
                    damage = $"One of the two copies of the header of {path} is damaged; the other one is used.";
                }
            }
            else
            {
                lost = true;
                header = SegmentHeader.For(identity, number, Math.Max(file.Length, usualCapacity));
                damage = $"The header of {path} is damaged; what it says was taken from the other segments.";
            }

            if (file.Length < header.Capacity)
            {
                damage = $"{path} has {file.Length} bytes and should have {header.Capacity}: it was cut.";
            }

            return new SegmentSource(number, path, file, header, damage) { HeaderIsLost = lost };
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>All of the file. <paramref name="memory"/> is where pieces of it are read to.</summary>
    public SegmentBytes Bytes(ref byte[] memory) => new(File, (uint)Math.Min(File.Length, Header.Capacity), ref memory);

    /// <summary>Where the records of the segment before this one end, which the batch that opens this one names; null when that can't be read. A segment is left only when all of it is
    /// synced, so a first batch that names a place further back stands behind a segment in which there are no records, only marks.</summary>
    public uint? EndOfSegmentBefore() => FirstBatch() is not { } first || first.Synced.Segment >= Number
        ? null
        : first.Synced.Segment == Number - 1 ? first.Synced.Offset : SegmentHeader.BlockSize;

    /// <summary>The header of the first batch, if it is whole.</summary>
    private BatchHeader? FirstBatch()
    {
        Span<byte> at = stackalloc byte[RecordHeader.Size];
        if (File.Read(at, SegmentHeader.BlockSize) < at.Length)
        {
            return null;
        }

        return RecordHeader.TryReadHeaderOnly(at, Header.Incarnation, SegmentHeader.BlockSize, out RecordHeader header) && header.Type == RecordType.Batch
            ? BatchHeader.From(header)
            : null;
    }

    public Segment ToSegment(long end) => new(Number, Header.Incarnation, Header.Capacity, File, Path) { End = end };

    private static void Refuse(in SegmentHeader header, string path, uint number, in BinlogIdentity identity)
    {
        if (header.Version > SegmentHeader.CurrentVersion)
        {
            throw new StorageRefusedException(
                $"{path} has format version {header.Version}, and this program knows {SegmentHeader.CurrentVersion}. Start the version that wrote it, or a newer one.");
        }

        if (header.Identity != identity)
        {
            throw new StorageRefusedException(
                $"{path} belongs to cluster {header.Identity.Cluster}, node {header.Identity.Node}, store {header.Identity.Store}; this is cluster {identity.Cluster}, " +
                $"node {identity.Node}, store {identity.Store}. Give this node its own data directory.");
        }

        if (header.Number != number || header.Incarnation != SegmentHeader.IncarnationOf(identity, number))
        {
            throw new StorageRefusedException($"{path} is segment {header.Number} under another name. Restore the directory as it was.");
        }
    }
}
