using RaftDb.Storage.StateMachines.Memory;
using RaftDb.Storage.StateMachines.Sqlite;

namespace RaftDb.Storage.StateMachines.Changes;

/// <summary>Reads raftdb_changes and raftdb_kept for the thread that applies.</summary>
internal sealed class FileChanges : IFileChanges
{
    private readonly FileReader _reader;
    private readonly SqliteStatement _kept;
    private readonly SqliteStatement _measure;
    private readonly SqliteStatement _find;

    public FileChanges(FileReader reader)
    {
        _reader = reader;
        _kept = reader.Prepare(ChangeReader.KeptSql);
        _measure = reader.Prepare("SELECT count(*), total(length(changes)) FROM raftdb_changes WHERE range = ?1 AND idx > ?2");
        _find = reader.Prepare("SELECT idx FROM raftdb_changes WHERE range = ?1 AND idx > ?2 ORDER BY idx LIMIT 1 OFFSET ?3");
    }

    public KeptChanges Kept()
    {
        _reader.Begin();
        return ChangeReader.ReadKept(_kept);
    }

    public (long Entries, long Bytes) Measure(ulong after)
    {
        _reader.Begin();
        _measure.Bind(2, (long)Math.Min(after, long.MaxValue));
        _measure.Step();
        (long Entries, long Bytes) measured = (_measure.Number(0), _measure.Number(1));
        _measure.Reset();
        return measured;
    }

    public ulong IndexAt(ulong after, long place)
    {
        _reader.Begin();
        _find.Bind(2, (long)Math.Min(after, long.MaxValue));
        _find.Bind(3, place);
        _find.Step();
        long index = _find.Number(0);
        _find.Reset();
        return (ulong)index;
    }
}
