using System.Text;

namespace RaftDb.Storage.StateMachines.Sqlite;

/// <summary>How a connection is opened.</summary>
internal enum SqliteAccess
{
    /// <summary>Reads and writes a file that exists.</summary>
    ReadWrite,

    /// <summary>Reads and writes, and creates the file.</summary>
    Create,

    /// <summary>Reads, beside a writer.</summary>
    ReadOnly,

    /// <summary>Reads a file that nobody changes, without touching a -wal or -shm beside it.</summary>
    Immutable,
}

/// <summary>One connection. Used by one thread at a time; its owner sees to that.</summary>
internal sealed unsafe class SqliteDatabase : IDisposable
{
    private readonly List<SqliteStatement> _statements = [];
    private nint _handle;

    /// <summary>Opens a connection. Pages that have checksums are checked as they are read.</summary>
    /// <param name="path">The file.</param>
    /// <param name="access">What for.</param>
    /// <param name="hasChecksums">Of a file that is created: whether its pages get checksums.</param>
    public SqliteDatabase(string path, SqliteAccess access, bool hasChecksums = true)
    {
        Path = path;
        int flags = SqliteNative.OpenNoMutex | access switch
        {
            SqliteAccess.ReadWrite => SqliteNative.OpenReadWrite,
            SqliteAccess.Create => SqliteNative.OpenReadWrite | SqliteNative.OpenCreate,
            SqliteAccess.ReadOnly => SqliteNative.OpenReadOnly,
            _ => SqliteNative.OpenReadOnly | SqliteNative.OpenUri,
        };
        string name = access == SqliteAccess.Immutable ? $"file:{Uri.EscapeDataString(System.IO.Path.GetFullPath(path)).Replace("%2F", "/")}?immutable=1" : path;
        int code = SqliteNative.sqlite3_open_v2(name, out _handle, flags, hasChecksums ? StateFileVfs.Name : 0);
        if (code != SqliteNative.Ok)
        {
            int extended = _handle == 0 ? code : SqliteNative.sqlite3_extended_errcode(_handle);
            SqliteNative.sqlite3_close_v2(_handle);
            _handle = 0;
            throw SqliteFailure.Describe(extended, SqliteFailure.Meaning(extended), path, "open");
        }

        SqliteNative.sqlite3_extended_result_codes(_handle, 1);

        // Closing must not write anything back: a checkpoint has to follow a sync of the binlog.
        SqliteNative.sqlite3_db_config(_handle, SqliteNative.ConfigNoCheckpointOnClose, 1, null);
        if (access == SqliteAccess.Create && hasChecksums)
        {
            int reserved = PageChecksums.ReservedBytes;
            SqliteFailure.ThrowUnlessOk(
                SqliteNative.sqlite3_file_control(_handle, "main", SqliteNative.ControlReserveBytes, &reserved), this, "reserving room for checksums");
        }
    }

    /// <summary>What every database file begins with.</summary>
    public static ReadOnlySpan<byte> FileMagic => "SQLite format 3\0"u8;

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>SQLite's own object.</summary>
    public nint Handle
    {
        get
        {
            ObjectDisposedException.ThrowIf(_handle == 0, this);
            return _handle;
        }
    }

    /// <summary>Pages that this connection has written to the WAL since it was opened; wraps around at 2^31.</summary>
    public int PagesWritten
    {
        get
        {
            SqliteFailure.ThrowUnlessOk(
                SqliteNative.sqlite3_db_status(Handle, SqliteNative.StatusCacheWrite, out int pages, out _, 0), this, "status");
            return pages;
        }
    }

    /// <summary>Whether a transaction is open. SQLite ends one by itself after some failures.</summary>
    public bool IsInTransaction => SqliteNative.sqlite3_get_autocommit(Handle) == 0;

    /// <summary>Prepares a statement; it ends with the connection at the latest.</summary>
    public SqliteStatement Prepare(string sql)
    {
        byte[] utf8 = Encoding.UTF8.GetBytes(sql);
        fixed (byte* text = utf8)
        {
            int code = SqliteNative.sqlite3_prepare_v3(Handle, text, utf8.Length, SqliteNative.PreparePersistent, out nint handle, null);
            SqliteFailure.ThrowUnlessOk(code, this, $"preparing «{sql}»");
            var statement = new SqliteStatement(this, handle, sql);
            _statements.Add(statement);
            return statement;
        }
    }

    /// <summary>Prepares a statement whose first parameter is a range: this one, once and for all.</summary>
    public SqliteStatement Prepare(string sql, RangeId range)
    {
        SqliteStatement statement = Prepare(sql);
        statement.Bind(1, (long)range.Value);
        return statement;
    }

    /// <summary>Runs one statement once; its rows are passed over.</summary>
    public void Execute(string sql)
    {
        using SqliteStatement statement = Prepare(sql);
        while (statement.Step())
        {
        }
    }

    /// <summary>Runs one statement once and returns the first column of its first row as text; null without a row.</summary>
    public string? QueryText(string sql)
    {
        using SqliteStatement statement = Prepare(sql);
        return statement.Step() ? Encoding.UTF8.GetString(statement.Text(0)) : null;
    }

    /// <summary>Runs a checkpoint. Busy is an answer, not a failure: readers or a writer were in the way.</summary>
    /// <param name="mode">SQLite's number for what kind of.</param>
    /// <param name="afterPiece">Called after each piece (<see cref="WriteBehind.PieceBytes"/>) that is written back; does not throw.</param>
    public (bool Busy, int LogFrames, int CheckpointedFrames) Checkpoint(int mode, Action? afterPiece = null)
    {
        StateFileVfs.CallAfterPieces(afterPiece);
        int code = SqliteNative.sqlite3_wal_checkpoint_v2(Handle, 0, mode, out int log, out int checkpointed);
        StateFileVfs.CallAfterPieces(null);
        if (code != SqliteNative.Ok && (code & 0xff) != SqliteNative.Busy)
        {
            throw SqliteFailure.Describe(code, this, "checkpoint");
        }

        return (code != SqliteNative.Ok, log, checkpointed);
    }

    public void Dispose()
    {
        if (_handle == 0)
        {
            return;
        }

        while (_statements.Count > 0)
        {
            _statements[^1].Dispose();
        }

        SqliteNative.sqlite3_close_v2(_handle);
        _handle = 0;
    }

    /// <summary>A statement was finalized.</summary>
    public void Forget(SqliteStatement statement) => _statements.Remove(statement);
}
