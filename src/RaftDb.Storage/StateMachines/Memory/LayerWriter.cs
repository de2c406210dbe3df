using RaftDb.Storage.StateMachines.Changes;
using RaftDb.Storage.StateMachines.Sessions;
using RaftDb.Storage.StateMachines.Sqlite;

namespace RaftDb.Storage.StateMachines.Memory;

/// <summary>Writes sealed layers to the file, each in one transaction with the applied index that it ends at. Used by one thread at a time.</summary>
internal sealed class LayerWriter
{
    /// <summary>Rows between two looks at whether there is a hurry: about half a millisecond of work.</summary>
    private const int SliceRows = 128;

    private readonly SqliteDatabase _writer;
    private readonly RowWriter _rows;
    private readonly SessionWriter _sessions;
    private readonly ChangeWriter _changes;
    private readonly SqliteStatement _begin;
    private readonly SqliteStatement _commit;
    private readonly SqliteStatement _giveUp;
    private readonly SqliteStatement _releaseMemory;
    private readonly SqliteStatement _advance;

    public LayerWriter(SqliteDatabase writer, RangeId range, byte keyspace)
    {
        _writer = writer;
        _rows = new(writer, range, keyspace);
        _sessions = new(writer, range);
        _changes = new(writer, range);
        _begin = writer.Prepare("BEGIN IMMEDIATE");
        _commit = writer.Prepare("COMMIT");
        _giveUp = writer.Prepare("ROLLBACK");
        _releaseMemory = writer.Prepare("PRAGMA shrink_memory");
        _advance = writer.Prepare(
            "UPDATE raftdb_meta SET applied_index = ?2, applied_term = ?3, time = ?4, keys = ?5, bytes = ?6 WHERE range = ?1");
        _advance.Bind(1, (long)range.Value);
    }

    /// <summary>Writes a layer over what is in the file. When it throws, the file is as it was, or can't be trusted (<see cref="StorageFailedException"/>).</summary>
    /// <param name="layer">The layer, sealed.</param>
    /// <param name="inFile">What is in the file.</param>
    /// <param name="afterSlice">Called now and then, with the share of the rows that is written.</param>
    public void Write(MemoryLayer layer, StateMeta inFile, Action<double> afterSlice)
    {
        _begin.Run();
        try
        {
            WriteRows(layer.Rows, afterSlice);
            foreach ((SessionId session, SessionDelta delta) in layer.Sessions.Deltas.OrderBy(d => d.Key.Value))
            {
                _sessions.Write(session, delta);
            }

            _changes.Write(layer.Changes.Content);
            Store(layer.End!, inFile);
            _commit.Run();
        }
        catch when (_writer.IsInTransaction)
        {
            // SQLite has mostly rolled back by itself.
            _giveUp.Run();
            throw;
        }

        // The page cache: the next layer comes much later, and touches other pages.
        _releaseMemory.Run();
    }

    /// <summary>In key order, so that each page of the file is touched once.</summary>
    private void WriteRows(MemTable table, Action<double> afterSlice)
    {
        table.Order();
        int written = 0;
        for (int node = table.After(MemoryArena.Nowhere); node != MemoryArena.Nowhere; node = table.After(node))
        {
            if (table.TryVersion(node, ulong.MaxValue, out MemRow row))
            {
                _rows.Write(table.Key(node), row, table.Value(row), table.IsInFile(node));
            }

            if (++written % SliceRows == 0)
            {
                afterSlice((double)written / table.Count);
            }
        }
    }

    private void Store(StateMeta meta, StateMeta inFile)
    {
        if (meta.Shape != inFile.Shape)
        {
            meta.Replace(_writer);
            return;
        }

        _advance.Bind(2, (long)meta.Applied.Index.Value);
        _advance.Bind(3, (long)meta.Applied.Term.Value);
        _advance.Bind(4, (long)meta.Time.Value);
        _advance.Bind(5, meta.Keys);
        _advance.Bind(6, meta.Bytes);
        _advance.Run();
    }
}
