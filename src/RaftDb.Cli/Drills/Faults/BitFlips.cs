using RaftDb.Storage.Binlog;
using RaftDb.Storage.Disk;
using RaftDb.Storage.StateMachines;

namespace RaftDb.Cli.Drills.Faults;

/// <summary>Damages the files of a stopped node, in places that it had acknowledged.</summary>
internal static class BitFlips
{
    private static readonly int SqlitePageBytes = new StateMachineOptions().PageBytes;

    /// <summary>Flips a byte in some entries of user ranges in the log, and says where.</summary>
    public static string InBinlog(NodeProcess node, int count, Random random)
    {
        PosixDisk disk = new(node.Data);

        // A node that was stopped in order had synced all of it.
        BinlogRecordView[] entries = [.. BinlogInspector.Dump(disk, "binlog").Where(record => record.Type == "entry" && record.Range.Value > 1 && record.Payload.Length > 0)];
        if (entries.Length == 0)
        {
            throw new RefusedException($"The log of node {node.Id} has no entries to damage.");
        }

        List<string> places = [];
        for (int i = 0; i < count; i++)
        {
            BinlogRecordView entry = entries[random.Next(entries.Length)];
            string file = Path.Combine(node.Data, "binlog", $"{entry.Segment:00000000}.binlog");

            // Somewhere in the record, be it header or payload.
            long offset = entry.Offset + random.Next(entry.Payload.Length);
            Flip(file, offset, random);
            places.Add($"{Path.GetFileName(file)} at {offset} (range {entry.Range}, index {entry.Index})");
        }

        return string.Join(", ", places);
    }

    /// <summary>Flips bytes in every other page of the largest state file of a user range, and says of which.</summary>
    public static string InState(NodeProcess node, Random random)
    {
        FileInfo state = new DirectoryInfo(Path.Combine(node.Data, "ranges")).EnumerateFiles("state-*.db", SearchOption.AllDirectories)
            .Where(file => file.Directory!.Name != "1")
            .OrderByDescending(file => file.Length).ThenBy(file => file.FullName, StringComparer.Ordinal)
            .FirstOrDefault() ?? throw new RefusedException($"Node {node.Id} has no state files.");
        int pages = 0;

        // Not in the first page: without it the file is no database at all, which would be too easy to see. What the -wal still holds hides some
        // of the pages, so many are damaged.
        for (long page = 1; page < state.Length / SqlitePageBytes; page += 2)
        {
            Flip(state.FullName, (page * SqlitePageBytes) + random.Next(8), random);
            Flip(state.FullName, (page * SqlitePageBytes) + random.Next(SqlitePageBytes), random);
            pages++;
        }

        return $"{pages} pages of ranges/{state.Directory!.Name}/{state.Name}";
    }

    private static void Flip(string file, long offset, Random random)
    {
        using FileStream stream = new(file, FileMode.Open, FileAccess.ReadWrite);
        stream.Position = offset;
        int was = stream.ReadByte();
        stream.Position = offset;
        stream.WriteByte((byte)(was ^ (1 << random.Next(8))));
    }
}
