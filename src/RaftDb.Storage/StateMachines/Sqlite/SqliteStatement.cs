using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace RaftDb.Storage.StateMachines.Sqlite;

/// <summary>A prepared statement. Bindings stay from one run to the next.</summary>
internal sealed unsafe class SqliteStatement(SqliteDatabase database, nint handle, string sql) : IDisposable
{
    /// <summary>SQLITE_STATIC: SQLite reads the bytes where they lie.</summary>
    private const nint Static = 0;

    /// <summary>SQLITE_TRANSIENT: SQLite keeps a copy.</summary>
    private const nint Transient = -1;

    private nint _handle = handle;

    /// <summary>Binds a number.</summary>
    public void Bind(int parameter, long value) => Verify(SqliteNative.sqlite3_bind_int64(_handle, parameter, value));

    /// <summary>Binds bytes where they lie. The caller keeps them pinned until the statement was reset, and binds anew before the next run.</summary>
    public void BindPinned(int parameter, byte* value, int length) => Verify(
        length == 0
            ? SqliteNative.sqlite3_bind_zeroblob(_handle, parameter, 0)
            : SqliteNative.sqlite3_bind_blob(_handle, parameter, value, length, Static));

    /// <summary>Binds a copy of the bytes.</summary>
    public void BindCopy(int parameter, ReadOnlySpan<byte> value)
    {
        fixed (byte* bytes = value)
        {
            Verify(value.Length == 0
                ? SqliteNative.sqlite3_bind_zeroblob(_handle, parameter, 0)
                : SqliteNative.sqlite3_bind_blob(_handle, parameter, bytes, value.Length, Transient));
        }
    }

    /// <summary>Runs to the next row; false at the end.</summary>
    public bool Step()
    {
        int code = SqliteNative.sqlite3_step(_handle);
        if (code == SqliteNative.Row)
        {
            return true;
        }

        if (code != SqliteNative.Done)
        {
            Fail(code);
        }

        return false;
    }

    /// <summary>Runs a statement without rows and makes it ready for the next run.</summary>
    public void Run()
    {
        int code = SqliteNative.sqlite3_step(_handle);
        if (code != SqliteNative.Done)
        {
            Fail(code);
        }

        SqliteNative.sqlite3_reset(_handle);
    }

    /// <summary>Ends the run. Its failure was already reported by the step.</summary>
    public void Reset() => SqliteNative.sqlite3_reset(_handle);

    /// <summary>A number of the present row.</summary>
    public long Number(int column) => SqliteNative.sqlite3_column_int64(_handle, column);

    /// <summary>Bytes of the present row, valid until the next step or reset.</summary>
    public ReadOnlySpan<byte> Blob(int column)
    {
        byte* bytes = SqliteNative.sqlite3_column_blob(_handle, column);
        int length = SqliteNative.sqlite3_column_bytes(_handle, column);
        if (bytes == null && length != 0)
        {
            Fail(SqliteNative.sqlite3_extended_errcode(database.Handle));
        }

        return new(bytes, length);
    }

    /// <summary>Text of the present row in UTF-8, valid until the next step or reset.</summary>
    public ReadOnlySpan<byte> Text(int column)
    {
        byte* bytes = SqliteNative.sqlite3_column_text(_handle, column);
        return new(bytes, SqliteNative.sqlite3_column_bytes(_handle, column));
    }

    public void Dispose()
    {
        if (_handle != 0)
        {
            SqliteNative.sqlite3_finalize(_handle);
            _handle = 0;
            database.Forget(this);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Verify(int code)
    {
        if (code != SqliteNative.Ok)
        {
            Fail(code);
        }
    }

    [DoesNotReturn]
    private void Fail(int code)
    {
        // Described before the reset, which replaces the message.
        StorageFailedException failure = SqliteFailure.Describe(code, database, $"«{sql}»");
        SqliteNative.sqlite3_reset(_handle);
        throw failure;
    }
}
