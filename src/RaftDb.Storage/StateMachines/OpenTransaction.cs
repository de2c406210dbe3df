using RaftDb.Storage.StateMachines.Sqlite;

namespace RaftDb.Storage.StateMachines;

/// <summary>The writer's transaction, held open over many batches, each a savepoint in it: a page that many batches change is written to the WAL once. Who wants to see
/// what was applied commits first. Nothing is lost by it: what a crash takes back, the binlog brings again. Used under the lock of the applies.</summary>
internal sealed class OpenTransaction(SqliteDatabase writer, StateMachineOptions options)
{
    private readonly SqliteStatement _begin = writer.Prepare("BEGIN IMMEDIATE");
    private readonly SqliteStatement _commit = writer.Prepare("COMMIT");
    private readonly SqliteStatement _savepoint = writer.Prepare("SAVEPOINT raftdb_batch");
    private readonly SqliteStatement _release = writer.Prepare("RELEASE raftdb_batch");
    private readonly SqliteStatement _rollback = writer.Prepare("ROLLBACK TO raftdb_batch");
    private int _entries;
    private long _bytes;

    /// <summary>Bytes of the commands in it. Any thread may look.</summary>
    public long Bytes => Volatile.Read(ref _bytes);

    /// <summary>Whether there is something to commit.</summary>
    public bool IsOpen { get; private set; }

    /// <summary>Whether it holds as much as a restart should have to replay.</summary>
    public bool IsFull => _entries >= options.TransactionEntries || Bytes >= options.TransactionBytes;

    /// <summary>Begins a batch, and the transaction when there is none.</summary>
    public void BeginBatch()
    {
        if (!IsOpen)
        {
            _begin.Run();
            IsOpen = true;
        }

        _savepoint.Run();
    }

    /// <summary>The batch becomes a part of the transaction.</summary>
    public void EndBatch(int entries, long bytes)
    {
        _release.Run();
        _entries += entries;
        Volatile.Write(ref _bytes, _bytes + bytes);
    }

    /// <summary>Takes back the batch; the ones before it stay.</summary>
    public void UndoBatch()
    {
        _rollback.Run();
        _release.Run();
    }

    /// <summary>Commits all batches. When it throws, they may be tried again or be given up by closing the file.</summary>
    public void Commit()
    {
        _commit.Run();
        IsOpen = false;
        _entries = 0;
        Volatile.Write(ref _bytes, 0);
    }
}
