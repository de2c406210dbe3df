using RaftDb.Raft;
using RaftDb.Storage.StateMachines.Memory;
using RaftDb.Storage.StateMachines.Reads;
using RaftDb.Storage.StateMachines.Sqlite;

namespace RaftDb.Storage.StateMachines.Changes;

/// <summary>Reads kept changes: those of the file, and those of the layers above it.</summary>
internal static class ChangeReader
{
    public const string KeptSql = "SELECT since, until FROM raftdb_kept WHERE range = ?1";
    public const string ChangesSql = "SELECT idx, changes FROM raftdb_changes WHERE range = ?1 AND idx > ?2 ORDER BY idx";

    /// <summary>Since when and until when the file keeps changes, unmeasured, through a prepared <see cref="KeptSql"/>.</summary>
    public static KeptChanges ReadKept(SqliteStatement select)
    {
        KeptChanges kept = select.Step() ? new((ulong)select.Number(0), select.Number(1), 0, 0) : default;
        select.Reset();
        return kept;
    }

    /// <summary>The next page, as of an applied index.</summary>
    public static ChangePage Read(ReadConnection file, MemoryLayer[] layers, LogIndex applied, in ChangeQuery query)
    {
        ChangeLayer.Snapshot[] above = Array.ConvertAll(layers, l => l.Changes.Content);
        KeptChanges kept = Array.Find(above, l => l.Kept is not null)?.Kept ?? file.Kept();
        if (kept.Until == 0 || query.After.Value < kept.Since)
        {
            return new([], applied, new LogIndex(kept.Since));
        }

        List<Change> page = [];
        List<Change> entry = [];
        long bytes = 0;
        LogIndex through = applied;
        foreach ((LogIndex index, byte[] changes) in Entries(file, above, applied, query.After.Value))
        {
            entry.Clear();
            ChangeCodec.Decode(index, changes, entry);
            foreach (Change change in entry)
            {
                if ((index > query.After.Next || change.Ordinal >= query.Known) && IsIn(change.Key.Span, query))
                {
                    page.Add(change);
                    bytes += change.Key.Length + (change.Value?.Length ?? 0);
                }
            }

            if (bytes >= query.MaxBytes)
            {
                through = index;
                break;
            }
        }

        return new(page, through < query.After ? query.After : through, null);
    }

    /// <summary>What entries changed: the file's, then those of the layers that it does not have yet, the oldest first.</summary>
    private static IEnumerable<(LogIndex Index, byte[] Changes)> Entries(
        ReadConnection file, ChangeLayer.Snapshot[] above, LogIndex applied, ulong after)
    {
        ulong dropped = above.Length == 0 ? 0 : above.Max(l => l.Dropped);
        foreach ((LogIndex Index, byte[] Changes) entry in file.ChangesAfter(Math.Max(after, dropped)))
        {
            yield return entry;
        }

        after = Math.Max(after, file.Shown.Applied.Index.Value);
        for (int i = above.Length - 1; i >= 0; i--)
        {
            dropped = i == 0 ? 0 : above[..i].Max(l => l.Dropped);
            for (int e = 0; e < above[i].Added.Length; e++)
            {
                ChangeLayer.KeptEntry entry = above[i].Added.Span[e];
                if (entry.Index > after && entry.Index > dropped && entry.Index <= applied.Value)
                {
                    yield return (new(entry.Index), entry.Changes);
                }
            }
        }
    }

    private static bool IsIn(ReadOnlySpan<byte> key, in ChangeQuery query) =>
        key.SequenceCompareTo(query.Start.Span) >= 0 && (query.End is not { } end || key.SequenceCompareTo(end.Span) < 0);
}
