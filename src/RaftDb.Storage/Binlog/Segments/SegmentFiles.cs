using System.Globalization;
using RaftDb.Raft;
using RaftDb.Storage.Binlog.Format;
using RaftDb.Storage.Disk;

namespace RaftDb.Storage.Binlog.Segments;

/// <summary>Names and makes segment files. A file gets its final name only when its header is synced, so whatever has such a name is whole.</summary>
internal sealed class SegmentFiles(IDisk disk, string directory, BinlogIdentity identity)
{
    public const string Extension = ".binlog";
    public const string FreePrefix = "free-";
    public const string UnfinishedExtension = ".new";

    /// <summary>Zeros go to the disk in small portions, so that the syncs of the segment in use don't wait behind all of them.</summary>
    private const long FillStep = 4 << 20;
    private static readonly byte[] Zeros = new byte[1 << 20];

    public IDisk Disk => disk;

    public string Directory => directory;

    public static string NameOf(uint number) => number.ToString("D8", CultureInfo.InvariantCulture) + Extension;

    public static bool TryParse(string name, out uint number)
    {
        number = 0;
        return name.EndsWith(Extension, StringComparison.Ordinal) &&
            uint.TryParse(name.AsSpan(0, name.Length - Extension.Length), NumberStyles.None, CultureInfo.InvariantCulture, out number) &&
            name == NameOf(number);
    }

    public string PathOf(string name) => directory.Length == 0 ? name : directory + "/" + name;

    /// <summary>Makes the file of a new segment, from a free one where there is one of the size. <paramref name="fill"/>: overwriting a written block is a cheaper
    /// sync than writing one that was only reserved, so whoever has the time writes zeros once.</summary>
    public Segment Create(uint number, long capacity, bool fill, string? freeFile)
    {
        string building = freeFile ?? PathOf(NameOf(number) + UnfinishedExtension);
        SegmentHeader header = SegmentHeader.For(identity, number, capacity);
        IDiskFile? file = null;
        try
        {
            file = disk.Open(building, create: freeFile is null);
            if (freeFile is null)
            {
                file.Allocate(capacity);
                if (fill)
                {
                    FillWithZeros(file, capacity);
                }
            }

            file.Write([header.Encode()], 0);
            file.Sync();
            string path = PathOf(NameOf(number));
            disk.Rename(building, path);
            SyncDirectory();
            return new Segment(number, header.Incarnation, capacity, file, path);
        }
        catch (IOException)
        {
            file?.Dispose();
            DeleteUnfinished(building);
            throw;
        }
    }

    private void SyncDirectory()
    {
        if (!Mutants.DirectoryNotSynced)
        {
            disk.SyncDirectory(directory);
        }
    }

    private static void FillWithZeros(IDiskFile file, long capacity)
    {
        for (long at = 0; at < capacity; at += Zeros.Length)
        {
            file.Write([Zeros.AsMemory(0, (int)Math.Min(Zeros.Length, capacity - at))], at);
            if (at % FillStep == 0)
            {
                file.Sync();
            }
        }
    }

    /// <summary>Gives the space of a failed attempt back. Should that fail too, the next start deletes the file; the first failure is the one to tell.</summary>
    private void DeleteUnfinished(string path)
    {
        try
        {
            disk.Delete(path);
        }
        catch (IOException) when (path.EndsWith(UnfinishedExtension, StringComparison.Ordinal))
        {
            return;
        }
    }
}
