using RaftDb.Storage.StateMachines.Sqlite;

namespace RaftDb.Storage.StateMachines;

/// <summary>The tables of a state file and the settings of its connections. Our tables are named raftdb_*: user tables may live beside them one day.</summary>
internal static class StateSchema
{
    /// <summary>Raised when an older version could not read or would misread the file.</summary>
    public const long FormatVersion = 1;

    /// <summary>"RfDb", in the file's header: tells ours from other SQLite files.</summary>
    public const int ApplicationId = 0x52664462;

    // Rows lie in the primary key's own tree (WITHOUT ROWID): a put touches one tree, not two. Values longer than about a quarter of a page
    // go to overflow pages. The expiry is 0 for a key without one, and only the others are in the index.
    private static readonly string[] Tables =
    [
        """
        CREATE TABLE raftdb_meta (
            range INTEGER PRIMARY KEY, format INTEGER NOT NULL, applied_index INTEGER NOT NULL, applied_term INTEGER NOT NULL,
            time INTEGER NOT NULL, keys INTEGER NOT NULL, bytes INTEGER NOT NULL, shape INTEGER NOT NULL,
            descriptor BLOB NOT NULL, configuration BLOB NOT NULL)
        """,
        """
        CREATE TABLE raftdb_kv (
            range INTEGER NOT NULL, key BLOB NOT NULL, value BLOB NOT NULL, version INTEGER NOT NULL, idx INTEGER NOT NULL,
            expiry INTEGER NOT NULL, time INTEGER NOT NULL, PRIMARY KEY (range, key)) WITHOUT ROWID
        """,
        "CREATE INDEX raftdb_kv_expiry ON raftdb_kv (range, expiry, key) WHERE expiry > 0",
    ];

    // Files that were made before there were sessions and watches get these when they are opened: without either they are empty on every replica.
    private static readonly string[] NewerTables =
    [
        """
        CREATE TABLE IF NOT EXISTS raftdb_sessions (
            range INTEGER NOT NULL, session BLOB NOT NULL, state INTEGER NOT NULL, time INTEGER NOT NULL, mark INTEGER NOT NULL,
            PRIMARY KEY (range, session)) WITHOUT ROWID
        """,
        """
        CREATE TABLE IF NOT EXISTS raftdb_results (
            range INTEGER NOT NULL, session BLOB NOT NULL, sequence INTEGER NOT NULL, part INTEGER NOT NULL, hash BLOB NOT NULL, result BLOB NOT NULL,
            PRIMARY KEY (range, session, sequence, part)) WITHOUT ROWID
        """,
        "CREATE TABLE IF NOT EXISTS raftdb_changes (range INTEGER NOT NULL, idx INTEGER NOT NULL, changes BLOB NOT NULL, PRIMARY KEY (range, idx)) WITHOUT ROWID",
        "CREATE TABLE IF NOT EXISTS raftdb_kept (range INTEGER PRIMARY KEY, since INTEGER NOT NULL, until INTEGER NOT NULL)",
        "CREATE INDEX IF NOT EXISTS raftdb_sessions_time ON raftdb_sessions (range, state, time, session)",
    ];

    /// <summary>Makes a new file with one range in it, durably (but for its name in the directory).</summary>
    public static void Create(string path, StateMeta meta, StateMachineOptions options)
    {
        using var database = new SqliteDatabase(path, SqliteAccess.Create);
        database.Execute($"PRAGMA page_size = {options.PageBytes}");

        // Nothing of it counts before the checkpoint at the end, which syncs all of it at once.
        database.Execute("PRAGMA synchronous = OFF");
        RequireWal(database);
        database.Execute("BEGIN");
        database.Execute($"PRAGMA application_id = {ApplicationId}");
        foreach (string table in Tables)
        {
            database.Execute(table);
        }

        AddNewerTables(database);
        meta.Insert(database);
        database.Execute("COMMIT");
        ConfigureWriter(database, options.WriterCacheBytes);
        MakeDurable(database);
    }

    /// <summary>Adds the tables that files of this format did not always have.</summary>
    public static void AddNewerTables(SqliteDatabase database)
    {
        foreach (string table in NewerTables)
        {
            database.Execute(table);
        }
    }

    /// <summary>Settings of a connection that writes or checkpoints.</summary>
    public static void ConfigureWriter(SqliteDatabase database, int cacheBytes)
    {
        RequireWal(database);

        // NORMAL: a transaction does not sync (the binlog has it), a checkpoint syncs the WAL before and the database after it writes back.
        database.Execute("PRAGMA synchronous = NORMAL");
        database.Execute("PRAGMA wal_autocheckpoint = 0");

        // The WAL's file keeps its size when it starts over: what is written over is cheaper than what is added. At rest a checkpoint empties it.
        database.Execute("PRAGMA journal_size_limit = -1");
        Configure(database, cacheBytes);
    }

    /// <summary>Writes all of the WAL back and syncs, on a connection that has the file to itself.</summary>
    public static void MakeDurable(SqliteDatabase database)
    {
        (bool busy, int log, int checkpointed) = database.Checkpoint(SqliteNative.CheckpointTruncate);
        if (busy || log != checkpointed)
        {
            throw new StorageFailedException($"{database.Path} is in use: its WAL can't be written back ({checkpointed} of {log} frames).");
        }
    }

    /// <summary>Settings of a connection that reads.</summary>
    public static void ConfigureReader(SqliteDatabase database, int cacheBytes)
    {
        database.Execute("PRAGMA query_only = 1");
        Configure(database, cacheBytes);
    }

    private static void Configure(SqliteDatabase database, int cacheBytes)
    {
        database.Execute($"PRAGMA cache_size = -{cacheBytes >> 10}");
        database.Execute("PRAGMA temp_store = MEMORY");
        database.Execute("PRAGMA cell_size_check = 1");
    }

    private static void RequireWal(SqliteDatabase database)
    {
        string? mode = database.QueryText("PRAGMA journal_mode = WAL");
        if (mode != "wal")
        {
            throw new StorageFailedException($"SQLite refuses the WAL journal for {database.Path} (it stays at {mode}): the file system must support shared memory maps.");
        }
    }
}
