using RaftDb.Raft;
using RaftDb.Storage.StateMachines.Sqlite;

namespace RaftDb.Storage.StateMachines.Changes;

/// <summary>Reads kept changes through a read connection.</summary>
internal static class ChangeReader
{
    public const string KeptSql = "SELECT since, until FROM raftdb_kept WHERE range = ?1";
    public const string ChangesSql = "SELECT idx, changes FROM raftdb_changes WHERE range = ?1 AND idx > ?2 ORDER BY idx";

    /// <summary>The next page.</summary>
    public static ChangePage Read(SqliteStatement kept, SqliteStatement changes, in ChangeQuery query, StateMeta meta)
    {
        bool any = kept.Step();
        (ulong since, long until) = any ? ((ulong)kept.Number(0), kept.Number(1)) : (0UL, 0L);
        kept.Reset();
        LogIndex applied = meta.Applied.Index;
        if (until == 0 || query.After.Value < since)
        {
            return new([], applied, new LogIndex(since));
        }

        List<Change> page = [];
        List<Change> entry = [];
        long bytes = 0;
        LogIndex through = applied;
        changes.Bind(2, (long)query.After.Value);
        while (changes.Step())
        {
            LogIndex index = new((ulong)changes.Number(0));
            entry.Clear();
            ChangeCodec.Decode(index, changes.Blob(1).ToArray(), entry);
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

        changes.Reset();
        return new(page, through < query.After ? query.After : through, null);
    }

    private static bool IsIn(ReadOnlySpan<byte> key, in ChangeQuery query) =>
        key.SequenceCompareTo(query.Start.Span) >= 0 && (query.End is not { } end || key.SequenceCompareTo(end.Span) < 0);
}
