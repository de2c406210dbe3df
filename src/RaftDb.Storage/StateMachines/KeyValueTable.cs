using RaftDb.Storage.StateMachines.Sqlite;

namespace RaftDb.Storage.StateMachines;

/// <summary>What is known of a row without its value.</summary>
internal readonly record struct RowFacts(ulong Version, ulong Index, long Expiry, long ValueBytes)
{
    /// <summary>A key that is not there.</summary>
    public static readonly RowFacts Absent = default;

    /// <summary>Whether the key is there.</summary>
    public bool Exists => Version != 0;
}

/// <summary>The writer's statements on raftdb_kv. Used by the thread that applies, inside its transaction.</summary>
internal sealed unsafe class KeyValueTable : IKeyValueTable
{
    private readonly KeyBuffer _key;
    private readonly KeyBuffer _end;
    private readonly SqliteStatement _find;
    private readonly SqliteStatement _value;
    private readonly SqliteStatement _insert;
    private readonly SqliteStatement _update;
    private readonly SqliteStatement _delete;
    private readonly SqliteStatement _measureRange;
    private readonly SqliteStatement _deleteRange;
    private readonly SqliteStatement _anyInRange;
    private readonly SqliteStatement _keysBetween;
    private readonly SqliteStatement _expired;
    private readonly SqliteStatement _earliest;
    private readonly SqliteStatement _savepoint;
    private readonly SqliteStatement _release;
    private readonly SqliteStatement _rollback;

    public KeyValueTable(SqliteDatabase writer, RangeId range, byte keyspace)
    {
        _key = new(keyspace);
        _end = new(keyspace);
        SqliteStatement Prepare(string sql)
        {
            SqliteStatement statement = writer.Prepare(sql);
            statement.Bind(1, (long)range.Value);
            return statement;
        }

        _savepoint = writer.Prepare("SAVEPOINT raftdb_command");
        _release = writer.Prepare("RELEASE raftdb_command");
        _rollback = writer.Prepare("ROLLBACK TO raftdb_command");
        _find = Prepare("SELECT version, idx, expiry, length(value) FROM raftdb_kv WHERE range = ?1 AND key = ?2");
        _value = Prepare("SELECT value FROM raftdb_kv WHERE range = ?1 AND key = ?2");
        _insert = Prepare("INSERT INTO raftdb_kv (range, key, value, version, idx, expiry, time) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)");
        _update = Prepare("UPDATE raftdb_kv SET value = ?3, version = ?4, idx = ?5, expiry = ?6, time = ?7 WHERE range = ?1 AND key = ?2");
        _delete = Prepare("DELETE FROM raftdb_kv WHERE range = ?1 AND key = ?2");
        _measureRange = Prepare(
            """
            SELECT count(*), total(length(key) - 1 + length(value)), max(key), max(expiry) FROM
                (SELECT key, value, expiry FROM raftdb_kv WHERE range = ?1 AND key >= ?2 AND key < ?3 ORDER BY key LIMIT ?4)
            """);
        _deleteRange = Prepare("DELETE FROM raftdb_kv WHERE range = ?1 AND key >= ?2 AND key <= ?3");
        _anyInRange = Prepare("SELECT 1 FROM raftdb_kv WHERE range = ?1 AND key >= ?2 AND key < ?3 LIMIT 1");
        _keysBetween = Prepare("SELECT key FROM raftdb_kv WHERE range = ?1 AND key >= ?2 AND key < ?3 ORDER BY key LIMIT ?4");
        _expired = Prepare(
            "SELECT key FROM raftdb_kv WHERE range = ?1 AND expiry > 0 AND expiry <= ?2 ORDER BY expiry, key LIMIT ?3");
        _earliest = Prepare("SELECT expiry FROM raftdb_kv WHERE range = ?1 AND expiry > 0 ORDER BY expiry LIMIT 1");
    }

    public RowFacts Find(ReadOnlySpan<byte> key)
    {
        BindKey(_find, key);
        RowFacts facts = _find.Step()
            ? new((ulong)_find.Number(0), (ulong)_find.Number(1), _find.Number(2), _find.Number(3))
            : RowFacts.Absent;
        _find.Reset();
        return facts;
    }

    public byte[]? Value(ReadOnlySpan<byte> key)
    {
        BindKey(_value, key);
        byte[]? value = _value.Step() ? _value.Blob(0).ToArray() : null;
        _value.Reset();
        return value;
    }

    public bool ValueEquals(ReadOnlySpan<byte> key, ReadOnlySpan<byte> expected)
    {
        BindKey(_value, key);
        bool equal = _value.Step() && _value.Blob(0).SequenceEqual(expected);
        _value.Reset();
        return equal;
    }

    public void Write(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, ulong version, ulong index, long expiry, HybridTimestamp time)
    {
        SqliteStatement statement = version == 1 ? _insert : _update;
        fixed (byte* bytes = value)
        {
            BindKey(statement, key);
            statement.BindPinned(3, bytes, value.Length);
            statement.Bind(4, (long)version);
            statement.Bind(5, (long)index);
            statement.Bind(6, expiry);
            statement.Bind(7, (long)time.Value);
            statement.Run();
        }
    }

    public void Delete(ReadOnlySpan<byte> key)
    {
        BindKey(_delete, key);
        _delete.Run();
    }

    public (long Count, long Bytes, bool HadExpiry, bool More) DeleteRange(ReadOnlySpan<byte> start, ReadOnlySpan<byte> end, long limit)
    {
        BindKey(_measureRange, start);
        _end.SetEnd(end);
        _measureRange.BindPinned(3, _end.Pointer, _end.Length);
        _measureRange.Bind(4, limit);
        _measureRange.Step();
        long count = _measureRange.Number(0);
        long bytes = _measureRange.Number(1);
        bool hadExpiry = _measureRange.Number(3) > 0;
        if (count == 0)
        {
            _measureRange.Reset();
            return default;
        }

        fixed (byte* last = _measureRange.Blob(2))
        {
            _deleteRange.BindPinned(2, _key.Pointer, _key.Length);
            _deleteRange.BindPinned(3, last, _measureRange.Blob(2).Length);
            _deleteRange.Run();
        }

        _measureRange.Reset();
        return (count, bytes, hadExpiry, count == limit && Any());
    }

    public void KeysBetween(ReadOnlySpan<byte> start, ReadOnlySpan<byte> end, long limit, List<byte[]> keys)
    {
        BindKey(_keysBetween, start);
        _end.SetEnd(end);
        _keysBetween.BindPinned(3, _end.Pointer, _end.Length);
        _keysBetween.Bind(4, limit);
        while (_keysBetween.Step())
        {
            keys.Add(_keysBetween.Blob(0)[1..].ToArray());
        }

        _keysBetween.Reset();
    }

    public void Expired(long milliseconds, int limit, List<byte[]> keys)
    {
        _expired.Bind(2, milliseconds);
        _expired.Bind(3, limit);
        while (_expired.Step())
        {
            keys.Add(_expired.Blob(0)[1..].ToArray());
        }

        _expired.Reset();
    }

    public long EarliestExpiry()
    {
        long earliest = _earliest.Step() ? _earliest.Number(0) : 0;
        _earliest.Reset();
        return earliest;
    }

    public void Savepoint() => _savepoint.Run();

    public void Release() => _release.Run();

    public void RollBack()
    {
        _rollback.Run();
        _release.Run();
    }

    // Between the bounds of the last DeleteRange.
    private bool Any()
    {
        _anyInRange.BindPinned(2, _key.Pointer, _key.Length);
        _anyInRange.BindPinned(3, _end.Pointer, _end.Length);
        bool any = _anyInRange.Step();
        _anyInRange.Reset();
        return any;
    }

    private void BindKey(SqliteStatement statement, ReadOnlySpan<byte> key)
    {
        _key.Set(key);
        statement.BindPinned(2, _key.Pointer, _key.Length);
    }
}
