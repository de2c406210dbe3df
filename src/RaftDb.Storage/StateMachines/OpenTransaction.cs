using RaftDb.Raft;
using RaftDb.Raft.Log;
using RaftDb.Raft.Membership;
using RaftDb.Storage.StateMachines.Sqlite;

namespace RaftDb.Storage.StateMachines;

/// <summary>The writer's transaction, held open over many batches, each a savepoint in it: a page that many batches change is written to the WAL once. Who wants to see
/// what was applied commits first. Nothing is lost by it: what a crash takes back, the binlog brings again. Used under the lock of the applies.</summary>
internal sealed class OpenTransaction(SqliteDatabase writer, StateMachineOptions options)
{
    private readonly SqliteStatement _begin = writer.Prepare("BEGIN IMMEDIATE");
    private readonly SqliteStatement _commit = writer.Prepare("COMMIT");
    private readonly SqliteStatement _giveUp = writer.Prepare("ROLLBACK");
    private readonly SqliteStatement _savepoint = writer.Prepare("SAVEPOINT raftdb_batch");
    private readonly SqliteStatement _release = writer.Prepare("RELEASE raftdb_batch");
    private readonly SqliteStatement _rollback = writer.Prepare("ROLLBACK TO raftdb_batch");
    private readonly List<AppliedBatch> _batches = [];
    private int _entries;
    private long _bytes;

    /// <summary>Bytes of the commands in it. Any thread may look.</summary>
    public long Bytes => Volatile.Read(ref _bytes);

    /// <summary>Whether there is something to commit.</summary>
    public bool IsOpen { get; private set; }

    /// <summary>Whether a full disk took it back: its batches, which others know as applied, are to be applied again.</summary>
    public bool IsLost { get; private set; }

    /// <summary>The batches in it, or those that a full disk took back.</summary>
    public IReadOnlyList<AppliedBatch> Batches => _batches;

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
    public void EndBatch(IReadOnlyList<Entry> entries, IReadOnlyList<(LogIndex Index, Configuration Configuration)> configurations, long bytes)
    {
        _release.Run();
        _batches.Add(new(entries, configurations));
        _entries += entries.Count;
        Volatile.Write(ref _bytes, _bytes + bytes);
    }

    /// <summary>Takes back the batch; the ones before it stay.</summary>
    public void UndoBatch()
    {
        _rollback.Run();
        _release.Run();
    }

    /// <summary>After a full disk: nothing of the transaction is in the file. SQLite has mostly rolled it back by itself.</summary>
    public void TakeBack()
    {
        if (writer.IsInTransaction)
        {
            _giveUp.Run();
        }

        IsOpen = false;
        IsLost = _batches.Count > 0;
    }

    /// <summary>Begins the transaction that was lost once more. The caller applies its <see cref="Batches"/>.</summary>
    public void BeginAgain()
    {
        _begin.Run();
        IsOpen = true;
        IsLost = false;
    }

    /// <summary>Commits all batches. When it throws, they may be tried again or be given up by closing the file.</summary>
    public void Commit()
    {
        _commit.Run();
        IsOpen = false;
        _batches.Clear();
        _entries = 0;
        Volatile.Write(ref _bytes, 0);
    }
}

/// <summary>What was applied in one batch.</summary>
internal readonly record struct AppliedBatch(
    IReadOnlyList<Entry> Entries, IReadOnlyList<(LogIndex Index, Configuration Configuration)> Configurations);
