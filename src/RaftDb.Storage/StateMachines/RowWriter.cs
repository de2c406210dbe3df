using RaftDb.Storage.StateMachines.Memory;
using RaftDb.Storage.StateMachines.Sqlite;

namespace RaftDb.Storage.StateMachines;

/// <summary>Writes rows to raftdb_kv, inside a transaction that somebody else begins and ends.</summary>
internal sealed unsafe class RowWriter
{
    private readonly KeyBuffer _key;
    private readonly SqliteStatement _insert;
    private readonly SqliteStatement _update;
    private readonly SqliteStatement _delete;

    public RowWriter(SqliteDatabase writer, RangeId range, byte keyspace)
    {
        _key = new(keyspace);
        _insert = writer.Prepare("INSERT INTO raftdb_kv (range, key, value, version, idx, expiry, time) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)", range);
        _update = writer.Prepare("UPDATE raftdb_kv SET value = ?3, version = ?4, idx = ?5, expiry = ?6, time = ?7 WHERE range = ?1 AND key = ?2", range);
        _delete = writer.Prepare("DELETE FROM raftdb_kv WHERE range = ?1 AND key = ?2", range);
    }

    /// <summary>Brings a row to a version, from one that is in the file or from none.</summary>
    public void Write(ReadOnlySpan<byte> key, in MemRow row, ReadOnlySpan<byte> value, bool isInFile)
    {
        if (!row.Exists)
        {
            if (isInFile)
            {
                BindKey(_delete, key);
                _delete.Run();
            }

            return;
        }

        SqliteStatement statement = isInFile ? _update : _insert;
        fixed (byte* bytes = value)
        {
            BindKey(statement, key);
            statement.BindPinned(3, bytes, value.Length);
            statement.Bind(4, (long)row.Fields.Version);
            statement.Bind(5, (long)row.Fields.Index);
            statement.Bind(6, row.Fields.Expiry);
            statement.Bind(7, (long)row.Fields.Time);
            statement.Run();
        }
    }

    private void BindKey(SqliteStatement statement, ReadOnlySpan<byte> key)
    {
        _key.Set(key);
        statement.BindPinned(2, _key.Pointer, _key.Length);
    }
}
