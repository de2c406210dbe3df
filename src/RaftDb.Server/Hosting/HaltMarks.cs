using RaftDb.Raft;
using RaftDb.Server.Bootstrap;
using RaftDb.Storage;

namespace RaftDb.Server.Hosting;

/// <summary>Durable marks of replicas that met an entry which breaks an invariant: without one the node would replay the entry at each start, and crash of it for ever. A small text file beside the
/// state file, named after the replica, so that it means nothing to a later one.</summary>
internal sealed class HaltMarks(string dataDirectory)
{
    private const string Prefix = "halted-replica-";

    /// <summary>Writes the mark. Throws <see cref="IOException"/>.</summary>
    public void Write(RangeId range, ReplicaId replica, LogIndex first, LogIndex last, string cause)
    {
        string path = PathOf(range, replica);
        string where = first == last ? $"entry {first}" : $"one of the entries {first} to {last}";
        using (FileStream file = new(path, FileMode.Create, FileAccess.Write))
        using (StreamWriter writer = new(file))
        {
            writer.Write($"Applying {where} broke an invariant: {cause}");
            writer.Flush();
            file.Flush(flushToDisk: true);
        }

        DirectorySync.Sync(Path.GetDirectoryName(path)!);
    }

    /// <summary>What the mark of a replica says; null when there is none.</summary>
    public string? Read(RangeId range, ReplicaId replica)
    {
        string path = PathOf(range, replica);
        return File.Exists(path) ? File.ReadAllText(path) : null;
    }

    /// <summary>Removes the marks of a range; answers how many there were. The replica then tries the entry again.</summary>
    public int Clear(RangeId range)
    {
        string directory = DirectoryOf(range);
        string[] marks = Directory.Exists(directory) ? Directory.GetFiles(directory, Prefix + "*") : [];
        foreach (string mark in marks)
        {
            File.Delete(mark);
        }

        return marks.Length;
    }

    private string DirectoryOf(RangeId range) => Path.Combine(dataDirectory, "ranges", range.ToString());

    private string PathOf(RangeId range, ReplicaId replica) => Path.Combine(DirectoryOf(range), Prefix + replica);
}
