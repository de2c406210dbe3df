using RaftDb.Storage.StateMachines.Changes;
using RaftDb.Storage.StateMachines.Digests;
using RaftDb.Storage.StateMachines.Sessions;
using RaftDb.Storage.StateMachines.Sqlite;

namespace RaftDb.Storage.StateMachines.Reads;

/// <summary>A read-only connection with its statements. Used by one view at a time.</summary>
internal sealed unsafe class ReadConnection : IDisposable
{
    private const string Between = "FROM raftdb_kv WHERE range = ?1 AND key >= ?2 AND key < ?3 ORDER BY key";

    private readonly SqliteDatabase _database;
    private readonly RangeId _range;
    private readonly SqliteStatement _begin;
    private readonly SqliteStatement _commit;
    private readonly SqliteStatement _meta;
    private readonly SqliteStatement _get;
    private readonly SqliteStatement?[] _scans = new SqliteStatement?[4];
    private readonly KeyBuffer _start;
    private readonly KeyBuffer _end;
    private SqliteStatement? _kept;
    private SqliteStatement? _changes;
    private StateMeta _known;

    public ReadConnection(string path, RangeId range, byte keyspace, StateMeta known, StateMachineOptions options)
    {
        _range = range;
        _known = known;
        _start = new(keyspace);
        _end = new(keyspace);
        _database = new(path, SqliteAccess.ReadOnly);
        try
        {
            StateSchema.ConfigureReader(_database, options.ReaderCacheBytes);
            _begin = _database.Prepare("BEGIN");
            _commit = _database.Prepare("COMMIT");
            _meta = Prepare(StateMeta.SelectSql);
            _get = Prepare("SELECT value, version, idx, expiry FROM raftdb_kv WHERE range = ?1 AND key = ?2");
        }
        catch
        {
            _database.Dispose();
            throw;
        }
    }

    /// <summary>Starts a read transaction. SQLite takes its view at the first read, which is that of the applied index.</summary>
    public StateMeta Begin()
    {
        _begin.Run();
        _known = StateMeta.Read(_meta, _known)
            ?? throw new StorageFailedException($"The row of range {_range} is gone from {_database.Path}.");
        return _known;
    }

    /// <summary>Ends the read transaction.</summary>
    public void End() => _commit.Run();

    /// <summary>Reads one row.</summary>
    public bool TryGet(ReadOnlySpan<byte> key, out Row row)
    {
        _start.Set(key);
        _get.BindPinned(2, _start.Pointer, _start.Length);
        bool found = _get.Step();
        row = found
            ? new(key.ToArray(), _get.Blob(0).ToArray(), (ulong)_get.Number(1), (ulong)_get.Number(2), _get.Number(3))
            : default;
        _get.Reset();
        return found;
    }

    /// <summary>Reads rows in order.</summary>
    public ScanPage Scan(in ScanQuery query)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(query.Limit, 1);
        SqliteStatement scan = Scanner(query.Reverse, query.KeysOnly);
        if (query.End is { Length: 0 })
        {
            return new([], false);
        }

        _start.Set(query.Start.Span);
        _end.SetEnd(query.End is { } end ? end.Span : default);
        scan.BindPinned(2, _start.Pointer, _start.Length);
        scan.BindPinned(3, _end.Pointer, _end.Length);
        var rows = new List<Row>(Math.Min(query.Limit, 64));
        long bytes = 0;
        bool more = false;
        while (scan.Step())
        {
            if (rows.Count == query.Limit || (rows.Count > 0 && bytes >= query.MaxBytes))
            {
                more = true;
                break;
            }

            byte[] key = scan.Blob(0)[1..].ToArray();
            byte[] value = query.KeysOnly ? [] : scan.Blob(4).ToArray();
            if (rows.Count > 0 && bytes + key.Length + value.Length > query.MaxBytes)
            {
                more = true;
                break;
            }

            bytes += key.Length + value.Length;
            rows.Add(new(key, value, (ulong)scan.Number(1), (ulong)scan.Number(2), scan.Number(3)));
        }

        scan.Reset();
        return new(rows, more);
    }

    /// <summary>Hashes the whole range.</summary>
    public StateDigest ComputeDigest(StateMeta meta, CancellationToken cancel)
    {
        using SqliteStatement rows = Prepare(StateDigester.SelectSql);
        using SqliteStatement sessions = Prepare(SessionHash.SessionsSql);
        using SqliteStatement results = Prepare(SessionHash.ResultsSql);
        return StateDigester.Compute(rows, sessions, results, meta, cancel);
    }

    /// <summary>Hashes a slice of the range, bucket by bucket.</summary>
    public SliceDigest DigestSlice(SliceQuery query, StateMeta meta, CancellationToken cancel)
    {
        using SqliteStatement rows = Prepare($"SELECT {RowHash.Columns} {Between}");
        _start.Set(query.From.Span);
        _end.SetEnd(query.End is { } end ? end.Span : default);
        rows.BindPinned(2, _start.Pointer, _start.Length);
        rows.BindPinned(3, _end.Pointer, _end.Length);
        using var digester = new SliceDigester(query);
        using SqliteStatement sessions = Prepare(SessionHash.SessionsSql);
        using SqliteStatement results = Prepare(SessionHash.ResultsSql);
        return digester.Run(rows, sessions, results, meta, cancel);
    }

    /// <summary>Reads what entries changed.</summary>
    public ChangePage Changes(in ChangeQuery query, StateMeta meta)
    {
        _kept ??= Prepare(ChangeReader.KeptSql);
        _changes ??= Prepare(ChangeReader.ChangesSql);
        return ChangeReader.Read(_kept, _changes, query, meta);
    }

    /// <summary>SQLite's own check of the whole file: trees, indexes, free pages. Null when it finds nothing.</summary>
    public string? CheckFile()
    {
        string? answer = _database.QueryText("PRAGMA integrity_check(1)");
        return answer == "ok" ? null : answer ?? "SQLite's check gave no answer";
    }

    public void Dispose() => _database.Dispose();

    private SqliteStatement Scanner(bool reverse, bool keysOnly) =>
        _scans[(reverse ? 1 : 0) + (keysOnly ? 2 : 0)] ??=
            Prepare($"SELECT key, version, idx, expiry{(keysOnly ? "" : ", value")} {Between}{(reverse ? " DESC" : "")}");

    private SqliteStatement Prepare(string sql)
    {
        SqliteStatement statement = _database.Prepare(sql);
        statement.Bind(1, (long)_range.Value);
        return statement;
    }
}
