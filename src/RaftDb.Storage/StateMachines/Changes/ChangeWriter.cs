using RaftDb.Storage.StateMachines.Memory;
using RaftDb.Storage.StateMachines.Sqlite;

namespace RaftDb.Storage.StateMachines.Changes;

/// <summary>Writes raftdb_changes and raftdb_kept, inside a transaction that somebody else begins and ends.</summary>
internal sealed unsafe class ChangeWriter
{
    private readonly SqliteStatement _store;
    private readonly SqliteStatement _add;
    private readonly SqliteStatement _drop;

    public ChangeWriter(SqliteDatabase writer, RangeId range)
    {
        _store = writer.Prepare("INSERT INTO raftdb_kept (range, since, until) VALUES (?1, ?2, ?3) ON CONFLICT (range) DO UPDATE SET since = ?2, until = ?3", range);
        _add = writer.Prepare("INSERT INTO raftdb_changes (range, idx, changes) VALUES (?1, ?2, ?3)", range);
        _drop = writer.Prepare("DELETE FROM raftdb_changes WHERE range = ?1 AND idx <= ?2", range);
    }

    /// <summary>Brings the tables to what a layer says, all below it being in them.</summary>
    public void Write(ChangeLayer.Snapshot layer)
    {
        if (layer.Dropped > 0)
        {
            _drop.Bind(2, (long)Math.Min(layer.Dropped, long.MaxValue));
            _drop.Run();
        }

        foreach (ChangeLayer.KeptEntry entry in layer.Added.Span)
        {
            fixed (byte* bytes = entry.Changes)
            {
                _add.Bind(2, (long)entry.Index);
                _add.BindPinned(3, bytes, entry.Changes.Length);
                _add.Run();
            }
        }

        if (layer.Kept is { } kept)
        {
            _store.Bind(2, (long)kept.Since);
            _store.Bind(3, kept.Until);
            _store.Run();
        }
    }
}
