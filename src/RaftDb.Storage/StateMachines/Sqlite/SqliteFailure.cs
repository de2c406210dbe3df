using System.Runtime.InteropServices;

namespace RaftDb.Storage.StateMachines.Sqlite;

/// <summary>The one place where SQLite's result codes become exceptions.</summary>
internal static class SqliteFailure
{
    /// <summary>Throws unless the call succeeded.</summary>
    public static void ThrowUnlessOk(int code, SqliteDatabase database, string what)
    {
        if (code != SqliteNative.Ok)
        {
            throw Describe(code, database, what);
        }
    }

    /// <summary>The exception with the extended code, SQLite's message and the file.</summary>
    public static StorageFailedException Describe(int code, SqliteDatabase database, string what) => Describe(
        code,
        code == SqliteNative.DamagedData ? "a page does not have the checksum that it was written with" : Text(SqliteNative.sqlite3_errmsg(database.Handle)),
        database.Path,
        what);

    /// <summary>The exception for a connection that is not there (any more).</summary>
    public static StorageFailedException Describe(int code, string message, string path, string what) =>
        new($"SQLite failed at {what} of {path}: {message} (result {code & 0xff}, extended {code}).") { SqliteCode = code };

    /// <summary>SQLite's own words for a code.</summary>
    public static string Meaning(int code) => Text(SqliteNative.sqlite3_errstr(code));

    /// <summary>Whether the failure says that the file is not a sound database, rather than that it could not be read.</summary>
    public static bool IsDamage(StorageFailedException failure) =>
        failure.SqliteCode == SqliteNative.DamagedData || (failure.SqliteCode & 0xff) is SqliteNative.Corrupt or SqliteNative.NotADatabase;

    /// <summary>Whether there was no room: what was under way is rolled back, and may succeed later.</summary>
    public static bool IsFull(Exception failure) => failure is Disk.DiskFullException
        || (failure is StorageFailedException { SqliteCode: var code } && ((code & 0xff) == SqliteNative.Full || code == SqliteNative.SharedMemorySize));

    private static string Text(nint utf8) => Marshal.PtrToStringUTF8(utf8) ?? "no message";
}
