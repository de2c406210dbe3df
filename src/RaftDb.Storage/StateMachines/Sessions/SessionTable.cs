using RaftDb.Storage.StateMachines.Sqlite;

namespace RaftDb.Storage.StateMachines.Sessions;

/// <summary>The writer's statements on raftdb_sessions and raftdb_results. Used by the thread that applies, inside its transaction.</summary>
internal sealed unsafe class SessionTable : ISessionTable
{
    private readonly byte[] _id = GC.AllocateUninitializedArray<byte>(SessionId.Bytes, pinned: true);
    private readonly byte* _pointer;
    private readonly SqliteStatement _find;
    private readonly SqliteStatement _write;
    private readonly SqliteStatement _delete;
    private readonly SqliteStatement _measure;
    private readonly SqliteStatement _last;
    private readonly SqliteStatement _result;
    private readonly SqliteStatement _add;
    private readonly SqliteStatement _drop;
    private readonly SqliteStatement _due;
    private readonly SqliteStatement _earliest;
    private readonly SqliteStatement _count;

    public SessionTable(SqliteDatabase writer, RangeId range)
    {
        _pointer = (byte*)System.Runtime.InteropServices.Marshal.UnsafeAddrOfPinnedArrayElement(_id, 0);
        SqliteStatement Prepare(string sql)
        {
            SqliteStatement statement = writer.Prepare(sql);
            statement.Bind(1, (long)range.Value);
            return statement;
        }

        _find = Prepare("SELECT state, time, mark FROM raftdb_sessions WHERE range = ?1 AND session = ?2");
        _write = Prepare(
            """
            INSERT INTO raftdb_sessions (range, session, state, time, mark) VALUES (?1, ?2, ?3, ?4, ?5)
                ON CONFLICT (range, session) DO UPDATE SET state = ?3, time = ?4, mark = ?5
            """);
        _delete = Prepare("DELETE FROM raftdb_sessions WHERE range = ?1 AND session = ?2");
        _measure = Prepare($"SELECT count(*), total(length(result) + {SessionRules.ResultOverhead}) FROM raftdb_results WHERE range = ?1 AND session = ?2");
        _last = Prepare("SELECT sequence FROM raftdb_results WHERE range = ?1 AND session = ?2 ORDER BY sequence DESC LIMIT 1");
        _result = Prepare("SELECT hash, result FROM raftdb_results WHERE range = ?1 AND session = ?2 AND sequence = ?3 AND part = ?4");
        _add = Prepare("INSERT INTO raftdb_results (range, session, sequence, part, hash, result) VALUES (?1, ?2, ?3, ?4, ?5, ?6)");
        _drop = Prepare("DELETE FROM raftdb_results WHERE range = ?1 AND session = ?2 AND sequence < ?3");
        _due = Prepare("SELECT session FROM raftdb_sessions WHERE range = ?1 AND state = ?2 AND time <= ?3 ORDER BY time, session LIMIT ?4");
        _earliest = Prepare($"SELECT time FROM raftdb_sessions WHERE range = ?1 AND state = {(int)SessionState.Open} ORDER BY time LIMIT 1");
        _count = Prepare("SELECT total(state = 0), total(state = 1), total(state = 2) FROM raftdb_sessions WHERE range = ?1");
    }

    public bool TryFind(SessionId session, out SessionRow row)
    {
        Bind(_find, session);
        bool found = _find.Step();
        row = found ? new((SessionState)_find.Number(0), _find.Number(1), (ulong)_find.Number(2)) : default;
        _find.Reset();
        return found;
    }

    public void Write(SessionId session, in SessionRow row)
    {
        Bind(_write, session);
        _write.Bind(3, (long)row.State);
        _write.Bind(4, row.Time);
        _write.Bind(5, (long)row.Mark);
        _write.Run();
    }

    public void Delete(SessionId session)
    {
        Bind(_delete, session);
        _delete.Run();
    }

    public SessionSize Measure(SessionId session)
    {
        Bind(_measure, session);
        _measure.Step();
        (int results, long bytes) = ((int)_measure.Number(0), _measure.Number(1));
        _measure.Reset();
        if (results == 0)
        {
            return default;
        }

        Bind(_last, session);
        ulong last = _last.Step() ? (ulong)_last.Number(0) : 0;
        _last.Reset();
        return new(results, bytes, last);
    }

    public bool TryResult(SessionId session, ulong sequence, uint part, out KeptResult kept)
    {
        Bind(_result, session);
        _result.Bind(3, (long)sequence);
        _result.Bind(4, part);
        bool found = _result.Step();
        kept = found ? new(_result.Blob(0).ToArray(), _result.Blob(1).ToArray()) : default;
        _result.Reset();
        return found;
    }

    public void AddResult(SessionId session, ulong sequence, uint part, ReadOnlySpan<byte> hash, ReadOnlySpan<byte> result)
    {
        fixed (byte* hashed = hash, bytes = result)
        {
            Bind(_add, session);
            _add.Bind(3, (long)sequence);
            _add.Bind(4, part);
            _add.BindPinned(5, hashed, hash.Length);
            _add.BindPinned(6, bytes, result.Length);
            _add.Run();
        }
    }

    public void DropResults(SessionId session, ulong below)
    {
        Bind(_drop, session);
        _drop.Bind(3, (long)Math.Min(below, long.MaxValue));
        _drop.Run();
    }

    public void Due(SessionState state, long milliseconds, int limit, List<SessionId> sessions)
    {
        _due.Bind(2, (long)state);
        _due.Bind(3, milliseconds);
        _due.Bind(4, limit);
        while (_due.Step())
        {
            sessions.Add(SessionId.Read(_due.Blob(0)));
        }

        _due.Reset();
    }

    public long EarliestUse()
    {
        long earliest = _earliest.Step() ? Math.Max(1, _earliest.Number(0)) : 0;
        _earliest.Reset();
        return earliest;
    }

    public SessionCounts Count()
    {
        _count.Step();
        SessionCounts counts = new(_count.Number(0), _count.Number(1), _count.Number(2));
        _count.Reset();
        return counts;
    }

    private void Bind(SqliteStatement statement, SessionId session)
    {
        session.Write(_id);
        statement.BindPinned(2, _pointer, SessionId.Bytes);
    }
}
