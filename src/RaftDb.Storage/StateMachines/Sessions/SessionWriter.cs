using RaftDb.Storage.StateMachines.Memory;
using RaftDb.Storage.StateMachines.Sqlite;

namespace RaftDb.Storage.StateMachines.Sessions;

/// <summary>Writes raftdb_sessions and raftdb_results, inside a transaction that somebody else begins and ends.</summary>
internal sealed unsafe class SessionWriter
{
    private readonly byte[] _id = GC.AllocateUninitializedArray<byte>(SessionId.Bytes, pinned: true);
    private readonly byte* _pointer;
    private readonly SqliteStatement _write;
    private readonly SqliteStatement _delete;
    private readonly SqliteStatement _add;
    private readonly SqliteStatement _drop;

    public SessionWriter(SqliteDatabase writer, RangeId range)
    {
        _pointer = (byte*)System.Runtime.InteropServices.Marshal.UnsafeAddrOfPinnedArrayElement(_id, 0);
        _write = writer.Prepare(
            """
            INSERT INTO raftdb_sessions (range, session, state, time, mark) VALUES (?1, ?2, ?3, ?4, ?5)
                ON CONFLICT (range, session) DO UPDATE SET state = ?3, time = ?4, mark = ?5
            """,
            range);
        _delete = writer.Prepare("DELETE FROM raftdb_sessions WHERE range = ?1 AND session = ?2", range);
        _add = writer.Prepare("INSERT INTO raftdb_results (range, session, sequence, part, hash, result) VALUES (?1, ?2, ?3, ?4, ?5, ?6)", range);
        _drop = writer.Prepare("DELETE FROM raftdb_results WHERE range = ?1 AND session = ?2 AND sequence < ?3", range);
    }

    /// <summary>Brings a session to what a layer says, all below it being in the tables.</summary>
    public void Write(SessionId session, SessionDelta delta)
    {
        session.Write(_id);
        if (delta.Dropped > 0)
        {
            _drop.BindPinned(2, _pointer, SessionId.Bytes);
            _drop.Bind(3, (long)Math.Min(delta.Dropped, long.MaxValue));
            _drop.Run();
        }

        foreach (((ulong sequence, uint part), KeptResult kept) in delta.Results.OrderBy(r => r.Key))
        {
            fixed (byte* hash = kept.Hash, result = kept.Result)
            {
                _add.BindPinned(2, _pointer, SessionId.Bytes);
                _add.Bind(3, (long)sequence);
                _add.Bind(4, part);
                _add.BindPinned(5, hash, kept.Hash.Length);
                _add.BindPinned(6, result, kept.Result.Length);
                _add.Run();
            }
        }

        if (!delta.HasRow)
        {
            return;
        }

        SqliteStatement statement = delta.Row is null ? _delete : _write;
        statement.BindPinned(2, _pointer, SessionId.Bytes);
        if (delta.Row is { } row)
        {
            _write.Bind(3, (long)row.State);
            _write.Bind(4, row.Time);
            _write.Bind(5, (long)row.Mark);
        }

        statement.Run();
    }
}
