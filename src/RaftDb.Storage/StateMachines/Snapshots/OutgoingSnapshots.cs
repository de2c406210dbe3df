using RaftDb.Storage.StateMachines.Sqlite;

namespace RaftDb.Storage.StateMachines.Snapshots;

/// <summary>Makes consistent copies of a state file beside it (outgoing-N.db). Thread-safe.</summary>
internal sealed class OutgoingSnapshots(string path, RangeId range, StateMachineOptions options)
{
    private int _last;

    /// <summary>Copies the whole file as of one read transaction; writers go on meanwhile, and the WAL can't start over until the copy is made.</summary>
    public OutgoingSnapshot Begin()
    {
        string copy = Path.Combine(Path.GetDirectoryName(path)!, StateDirectory.OutgoingName(Interlocked.Increment(ref _last)));
        try
        {
            // 1. Copy, 2. ask the copy itself what it is, 3. hash what can be read back.
            CopyTo(copy);
            StateMeta meta;
            using (var database = new SqliteDatabase(copy, SqliteAccess.Immutable))
            {
                meta = StateMeta.ReadFrom(database, range);
            }

            return OutgoingSnapshot.Open(copy, meta);
        }
        catch
        {
            File.Delete(copy);
            throw;
        }
    }

    private void CopyTo(string copy)
    {
        using var source = new SqliteDatabase(path, SqliteAccess.ReadOnly);
        StateSchema.ConfigureReader(source, options.ReaderCacheBytes);
        source.Execute("BEGIN");
        StateMeta.ReadFrom(source, range);

        // A copy that a crash leaves behind is deleted at the next start, so that it needs neither journal nor syncs.
        File.Delete(copy);
        using var destination = new SqliteDatabase(copy, SqliteAccess.Create, PageChecksums.AreIn(source)); // It gets the source's pages as they are.
        destination.Execute("PRAGMA journal_mode = OFF");
        destination.Execute("PRAGMA synchronous = OFF");
        nint backup = SqliteNative.sqlite3_backup_init(destination.Handle, "main", source.Handle, "main");
        if (backup == 0)
        {
            throw SqliteFailure.Describe(SqliteNative.sqlite3_extended_errcode(destination.Handle), destination, "starting a copy");
        }

        int step;
        do
        {
            step = SqliteNative.sqlite3_backup_step(backup, options.SnapshotStepPages);
        }
        while (step == SqliteNative.Ok);

        int end = SqliteNative.sqlite3_backup_finish(backup);
        if (step != SqliteNative.Done || end != SqliteNative.Ok)
        {
            throw SqliteFailure.Describe(step == SqliteNative.Done ? end : step, destination, "copying");
        }
    }
}
