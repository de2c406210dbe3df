using RaftDb.Raft;
using RaftDb.Storage.StateMachines.Changes;
using RaftDb.Storage.StateMachines.Digests;
using RaftDb.Storage.StateMachines.Memory;
using RaftDb.Storage.StateMachines.Sessions;
using RaftDb.Storage.StateMachines.Sqlite;

namespace RaftDb.Storage.StateMachines.Reads;

/// <summary>A read-only connection with its statements. Used by one view at a time. Its read transaction stays open from one view to the next, as long as what it shows is what is in the file.</summary>
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

    public ReadConnection(string path, RangeId range, byte keyspace, StateMeta known, StateMachineOptions options)
    {
        _range = range;
        Shown = known;
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

    /// <summary>What the read transaction shows; before the first one, what is known of the file.</summary>
    public StateMeta Shown { get; private set; }

    /// <summary>Whether a read transaction is open.</summary>
    public bool HasBegun { get; private set; }

    /// <summary>The pool's epoch in which the read transaction was begun.</summary>
    public int Epoch { get; private set; }

    /// <summary>Starts a read transaction. SQLite takes its view at the first read, which is that of the applied index.</summary>
    public void Begin(int epoch)
    {
        Epoch = epoch;
        _begin.Run();
        HasBegun = true;
        Shown = StateMeta.Read(_meta, Shown)
            ?? throw new StorageFailedException($"The row of range {_range} is gone from {_database.Path}.");
    }

    /// <summary>Ends the read transaction.</summary>
    public void End()
    {
        HasBegun = false;
        _commit.Run();
    }

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

    /// <summary>Rows in order, from <paramref name="start"/> on and below <paramref name="end"/>. One cursor of a kind at a time.</summary>
    public RowCursor Rows(ReadOnlySpan<byte> start, ReadOnlySpan<byte> end, bool isDescending, bool hasValues)
    {
        SqliteStatement scan = Scanner(isDescending, !hasValues);
        _start.Set(start);
        _end.SetEnd(end);
        scan.BindPinned(2, _start.Pointer, _start.Length);
        scan.BindPinned(3, _end.Pointer, _end.Length);
        return new FileCursor(scan, hasValues);
    }

    /// <summary>Since when and until when changes are kept.</summary>
    public KeptChanges Kept()
    {
        _kept ??= Prepare(ChangeReader.KeptSql);
        return ChangeReader.ReadKept(_kept);
    }

    /// <summary>What entries after an index changed, in the order of the log. One at a time.</summary>
    public IEnumerable<(LogIndex Index, byte[] Changes)> ChangesAfter(ulong index)
    {
        _changes ??= Prepare(ChangeReader.ChangesSql);
        _changes.Bind(2, (long)Math.Min(index, long.MaxValue));
        try
        {
            while (_changes.Step())
            {
                yield return (new((ulong)_changes.Number(0)), _changes.Blob(1).ToArray());
            }
        }
        finally
        {
            _changes.Reset();
        }
    }

    /// <summary>Hashes the whole range.</summary>
    public StateDigest ComputeDigest(CancellationToken cancel)
    {
        using SqliteStatement rows = Prepare(StateDigester.SelectSql);
        using SqliteStatement sessions = Prepare(SessionHash.SessionsSql);
        using SqliteStatement results = Prepare(SessionHash.ResultsSql);
        return StateDigester.Compute(rows, sessions, results, Shown, cancel);
    }

    /// <summary>Hashes a slice of the range, bucket by bucket.</summary>
    public SliceDigest DigestSlice(SliceQuery query, CancellationToken cancel)
    {
        using SqliteStatement rows = Prepare($"SELECT {RowHash.Columns} {Between}");
        _start.Set(query.From.Span);
        _end.SetEnd(query.End is { } end ? end.Span : default);
        rows.BindPinned(2, _start.Pointer, _start.Length);
        rows.BindPinned(3, _end.Pointer, _end.Length);
        using var digester = new SliceDigester(query);
        using SqliteStatement sessions = Prepare(SessionHash.SessionsSql);
        using SqliteStatement results = Prepare(SessionHash.ResultsSql);
        return digester.Run(rows, sessions, results, Shown, cancel);
    }

    /// <summary>SQLite's own check of the whole file: trees, indexes, free pages. Null when it finds nothing.</summary>
    public string? CheckFile()
    {
        string? answer = _database.QueryText("PRAGMA integrity_check(1)");
        return answer == "ok" ? null : answer ?? "SQLite's check gave no answer";
    }

    public void Dispose() => _database.Dispose();

    private SqliteStatement Scanner(bool isDescending, bool keysOnly) =>
        _scans[(isDescending ? 1 : 0) + (keysOnly ? 2 : 0)] ??=
            Prepare($"SELECT key, version, idx, expiry, {(keysOnly ? "length(value)" : "value")} {Between}{(isDescending ? " DESC" : "")}");

    private SqliteStatement Prepare(string sql) => _database.Prepare(sql, _range);
}
