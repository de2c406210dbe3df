using System.Reflection;
using System.Runtime.InteropServices;

namespace RaftDb.Storage.StateMachines.Sqlite;

/// <summary>Which SQLite this process runs: the bundled one, or a newer one of the system when the first store to open names it. There is one per process:
/// two copies of SQLite would drop each other's file locks.</summary>
internal static class SqliteLibrary
{
    /// <summary>3.35.0: the oldest with everything that the schema and the statements use.</summary>
    private const int MinimumVersion = 3_035_000;

    private static readonly Lock Gate = new();
    private static bool _isLoaded;
    private static string? _path;
    private static nint _handle;

    /// <summary>Loads the library once, and refuses another path later. Returns its version.</summary>
    public static string Load(string? path)
    {
        lock (Gate)
        {
            if (!_isLoaded)
            {
                LoadFirst(path);
            }
            else if (path is not null && path != _path)
            {
                throw new StorageRefusedException(
                    $"SQLite is already loaded from {_path ?? "the bundled library"} in this process; {path} can't be loaded beside it. Name one library for all stores.");
            }

            return Marshal.PtrToStringUTF8(SqliteNative.sqlite3_libversion())!;
        }
    }

    private static void LoadFirst(string? path)
    {
        if (path is not null)
        {
            if (!NativeLibrary.TryLoad(path, out _handle))
            {
                throw new StorageRefusedException(
                    $"The SQLite library {path} can't be loaded. Name a libsqlite3 of version 3.35 or newer, or leave the option out to use the bundled one.");
            }

            NativeLibrary.SetDllImportResolver(typeof(SqliteNative).Assembly, Resolve);
            NativeLibrary.SetDllImportResolver(typeof(SQLitePCL.SQLite3Provider_e_sqlite3).Assembly, Resolve);
        }

        _path = path;
        _isLoaded = true;
        int version = SqliteNative.sqlite3_libversion_number();
        if (version < MinimumVersion)
        {
            throw new StorageRefusedException($"SQLite {version} of {path ?? "the bundle"} is too old: 3.35 or newer is needed.");
        }
    }

    private static nint Resolve(string name, Assembly assembly, DllImportSearchPath? search) =>
        name == SqliteNative.Library ? _handle : 0;
}
