using RaftDb.Storage.StateMachines.Sqlite;

namespace RaftDb.Storage.StateMachines.Changes;

/// <summary>The writer's statements on raftdb_changes and raftdb_kept. Used by the thread that applies, inside its transaction.</summary>
internal sealed unsafe class ChangeTable : IChangeTable
{
    private readonly SqliteStatement _load;
    private readonly SqliteStatement _measure;
    private readonly SqliteStatement _store;
    private readonly SqliteStatement _add;
    private readonly SqliteStatement _find;
    private readonly SqliteStatement _drop;

    public ChangeTable(SqliteDatabase writer, RangeId range)
    {
        SqliteStatement Prepare(string sql)
        {
            SqliteStatement statement = writer.Prepare(sql);
            statement.Bind(1, (long)range.Value);
            return statement;
        }

        _load = Prepare("SELECT since, until FROM raftdb_kept WHERE range = ?1");
        _measure = Prepare("SELECT count(*), total(length(changes)) FROM raftdb_changes WHERE range = ?1");
        _store = Prepare("INSERT INTO raftdb_kept (range, since, until) VALUES (?1, ?2, ?3) ON CONFLICT (range) DO UPDATE SET since = ?2, until = ?3");
        _add = Prepare("INSERT INTO raftdb_changes (range, idx, changes) VALUES (?1, ?2, ?3)");
        _find = Prepare("SELECT idx FROM raftdb_changes WHERE range = ?1 ORDER BY idx LIMIT 1 OFFSET ?2");
        _drop = Prepare("DELETE FROM raftdb_changes WHERE range = ?1 AND idx <= ?2");
    }

    public KeptChanges Load()
    {
        KeptChanges kept = _load.Step() ? new((ulong)_load.Number(0), _load.Number(1), 0, 0) : default;
        _load.Reset();
        if (kept.Until != 0)
        {
            _measure.Step();
            kept.Entries = _measure.Number(0);
            kept.Bytes = _measure.Number(1);
            _measure.Reset();
        }

        return kept;
    }

    public void Store(ulong since, long until)
    {
        _store.Bind(2, (long)since);
        _store.Bind(3, until);
        _store.Run();
    }

    public void Add(ulong index, ReadOnlySpan<byte> changes)
    {
        fixed (byte* bytes = changes)
        {
            _add.Bind(2, (long)index);
            _add.BindPinned(3, bytes, changes.Length);
            _add.Run();
        }
    }

    public ulong DropOldest(long entries)
    {
        _find.Bind(2, entries - 1);
        _find.Step();
        long last = _find.Number(0);
        _find.Reset();
        _drop.Bind(2, last);
        _drop.Run();
        return (ulong)last;
    }

    public void Clear()
    {
        _drop.Bind(2, long.MaxValue);
        _drop.Run();
    }
}
