using RaftDb.Storage.StateMachines.Memory;
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

/// <summary>Reads raftdb_kv for the thread that applies.</summary>
internal sealed unsafe class FileRows : IFileRows
{
    private readonly FileReader _reader;
    private readonly KeyBuffer _key;
    private readonly KeyBuffer _end;
    private readonly SqliteStatement _find;
    private readonly SqliteStatement _value;
    private readonly SqliteStatement _between;
    private readonly SqliteStatement _expiring;

    public FileRows(FileReader reader, byte keyspace)
    {
        _reader = reader;
        _key = new(keyspace);
        _end = new(keyspace);
        _find = reader.Prepare("SELECT version, idx, expiry, length(value) FROM raftdb_kv WHERE range = ?1 AND key = ?2");
        _value = reader.Prepare("SELECT value FROM raftdb_kv WHERE range = ?1 AND key = ?2");
        _between = reader.Prepare(
            "SELECT key, version, idx, expiry, length(value) FROM raftdb_kv WHERE range = ?1 AND key >= ?2 AND key < ?3 ORDER BY key");
        _expiring = reader.Prepare(
            "SELECT expiry, key FROM raftdb_kv WHERE range = ?1 AND expiry > 0 AND (expiry, key) >= (?2, ?3) ORDER BY expiry, key");
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

    public RowCursor Between(ReadOnlySpan<byte> start, ReadOnlySpan<byte> end)
    {
        BindKey(_between, start);
        _end.SetEnd(end);
        _between.BindPinned(3, _end.Pointer, _end.Length);
        return new FileCursor(_between, hasValues: false);
    }

    public IEnumerable<(long Expiry, byte[] Key)> Expiring((long Expiry, byte[] Key) first)
    {
        BindFirst(first);
        try
        {
            while (_expiring.Step())
            {
                yield return (_expiring.Number(0), _expiring.Blob(1)[1..].ToArray());
            }
        }
        finally
        {
            _expiring.Reset();
        }
    }

    private void BindFirst((long Expiry, byte[] Key) first)
    {
        _reader.Begin();
        _expiring.Bind(2, first.Expiry);
        _key.Set(first.Key);
        _expiring.BindCopy(3, new(_key.Pointer, _key.Length));
    }

    private void BindKey(SqliteStatement statement, ReadOnlySpan<byte> key)
    {
        _reader.Begin();
        _key.Set(key);
        statement.BindPinned(2, _key.Pointer, _key.Length);
    }
}
