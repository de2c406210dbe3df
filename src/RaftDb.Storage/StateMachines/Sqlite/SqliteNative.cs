using System.Runtime.InteropServices;

namespace RaftDb.Storage.StateMachines.Sqlite;

/// <summary>The few functions of SQLite's C interface that a state machine needs. Our own declarations rather than SQLitePCL's, because values are bound
/// where they lie (SQLITE_STATIC) instead of being copied, and because a call costs nanoseconds without safe handles. The short ones skip the
/// collector's transition: they neither block nor call back.</summary>
internal static unsafe partial class SqliteNative
{
    public const string Library = "e_sqlite3";

    public const int Ok = 0;
    public const int Busy = 5;
    public const int Corrupt = 11;
    public const int Full = 13;
    public const int NotADatabase = 26;
    public const int ShortRead = 522;

    /// <summary>A page does not have the checksum that it was written with (SQLITE_IOERR_DATA).</summary>
    public const int DamagedData = 8202;
    public const int Row = 100;
    public const int Done = 101;

    /// <summary>The shared index of the WAL could not grow: SQLite's word for a full disk there.</summary>
    public const int SharedMemorySize = 4874;

    public const int OpenReadOnly = 0x1;
    public const int OpenReadWrite = 0x2;
    public const int OpenCreate = 0x4;
    public const int OpenUri = 0x40;
    public const int OpenNoMutex = 0x8000;

    public const uint PreparePersistent = 1;
    public const int ConfigNoCheckpointOnClose = 1006;
    public const int ControlReserveBytes = 38;
    public const int StatusCacheWrite = 9;
    public const int CheckpointPassive = 0;
    public const int CheckpointRestart = 2;
    public const int CheckpointTruncate = 3;

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int sqlite3_open_v2(string fileName, out nint db, int flags, nint vfs);

    [LibraryImport(Library)]
    public static partial int sqlite3_close_v2(nint db);

    [LibraryImport(Library)]
    public static partial int sqlite3_extended_result_codes(nint db, int on);

    [LibraryImport(Library)]
    public static partial int sqlite3_extended_errcode(nint db);

    [LibraryImport(Library)]
    public static partial nint sqlite3_errmsg(nint db);

    [LibraryImport(Library)]
    public static partial int sqlite3_get_autocommit(nint db);

    [LibraryImport(Library)]
    public static partial nint sqlite3_errstr(int code);

    [LibraryImport(Library)]
    public static partial nint sqlite3_libversion();

    [LibraryImport(Library)]
    public static partial int sqlite3_libversion_number();

    // Variadic in C; both integer arguments travel in registers on the platforms that we run on (Linux on x64 and arm64).
    [LibraryImport(Library)]
    public static partial int sqlite3_db_config(nint db, int operation, int value, int* result);

    [LibraryImport(Library)]
    public static partial int sqlite3_db_status(nint db, int operation, out int current, out int highest, int reset);

    [LibraryImport(Library)]
    public static partial int sqlite3_prepare_v3(nint db, byte* sql, int bytes, uint flags, out nint statement, byte** tail);

    [LibraryImport(Library)]
    public static partial int sqlite3_finalize(nint statement);

    [LibraryImport(Library)]
    public static partial int sqlite3_step(nint statement);

    [LibraryImport(Library)]
    public static partial int sqlite3_reset(nint statement);

    [LibraryImport(Library), SuppressGCTransition]
    public static partial int sqlite3_bind_int64(nint statement, int parameter, long value);

    [LibraryImport(Library), SuppressGCTransition]
    public static partial int sqlite3_bind_zeroblob(nint statement, int parameter, int length);

    [LibraryImport(Library), SuppressGCTransition]
    public static partial int sqlite3_bind_blob(nint statement, int parameter, byte* value, int length, nint destructor);

    [LibraryImport(Library), SuppressGCTransition]
    public static partial long sqlite3_column_int64(nint statement, int column);

    // Reading a value that lies on overflow pages is I/O, so this one makes the transition.
    [LibraryImport(Library)]
    public static partial byte* sqlite3_column_blob(nint statement, int column);

    [LibraryImport(Library), SuppressGCTransition]
    public static partial int sqlite3_column_bytes(nint statement, int column);

    [LibraryImport(Library)]
    public static partial byte* sqlite3_column_text(nint statement, int column);

    [LibraryImport(Library)]
    public static partial int sqlite3_wal_checkpoint_v2(nint db, nint databaseName, int mode, out int logFrames, out int checkpointedFrames);

    [LibraryImport(Library)]
    public static partial nint sqlite3_vfs_find(nint name);

    [LibraryImport(Library)]
    public static partial int sqlite3_vfs_register(nint vfs, int makeDefault);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int sqlite3_file_control(nint db, string database, int operation, int* value);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    public static partial nint sqlite3_backup_init(nint destination, string destinationName, nint source, string sourceName);

    [LibraryImport(Library)]
    public static partial int sqlite3_backup_step(nint backup, int pages);

    [LibraryImport(Library)]
    public static partial int sqlite3_backup_finish(nint backup);
}
