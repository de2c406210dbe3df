using RaftDb.Storage.StateMachines.Memory;
using RaftDb.Storage.StateMachines.Sqlite;

namespace RaftDb.Storage.StateMachines.Sessions;

/// <summary>Reads raftdb_sessions and raftdb_results for the thread that applies.</summary>
internal sealed unsafe class FileSessions : IFileSessions
{
    private readonly byte[] _id = GC.AllocateUninitializedArray<byte>(SessionId.Bytes, pinned: true);
    private readonly byte* _pointer;
    private readonly FileReader _reader;
    private readonly SqliteStatement _find;
    private readonly SqliteStatement _measure;
    private readonly SqliteStatement _last;
    private readonly SqliteStatement _result;
    private readonly SqliteStatement _due;
    private readonly SqliteStatement _count;

    public FileSessions(FileReader reader)
    {
        _pointer = (byte*)System.Runtime.InteropServices.Marshal.UnsafeAddrOfPinnedArrayElement(_id, 0);
        _reader = reader;
        _find = reader.Prepare("SELECT state, time, mark FROM raftdb_sessions WHERE range = ?1 AND session = ?2");
        _measure = reader.Prepare(
            $"SELECT count(*), total(length(result) + {SessionRules.ResultOverhead}) FROM raftdb_results WHERE range = ?1 AND session = ?2 AND sequence >= ?3");
        _last = reader.Prepare("SELECT sequence FROM raftdb_results WHERE range = ?1 AND session = ?2 ORDER BY sequence DESC LIMIT 1");
        _result = reader.Prepare("SELECT hash, result FROM raftdb_results WHERE range = ?1 AND session = ?2 AND sequence = ?3 AND part = ?4");
        _due = reader.Prepare("SELECT time, session FROM raftdb_sessions WHERE range = ?1 AND state = ?2 AND time <= ?3 ORDER BY time, session");
        _count = reader.Prepare("SELECT total(state = 0), total(state = 1), total(state = 2) FROM raftdb_sessions WHERE range = ?1");
    }

    public bool TryFind(SessionId session, out SessionRow row)
    {
        Bind(_find, session);
        bool found = _find.Step();
        row = found ? new((SessionState)_find.Number(0), _find.Number(1), (ulong)_find.Number(2)) : default;
        _find.Reset();
        return found;
    }

    public SessionSize Measure(SessionId session, ulong from)
    {
        if (from > SessionWrite.MaxSequence)
        {
            return default;
        }

        Bind(_measure, session);
        _measure.Bind(3, (long)from);
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

    public IEnumerable<(long Time, SessionId Session)> Due(SessionState state, long milliseconds)
    {
        _reader.Begin();
        _due.Bind(2, (long)state);
        _due.Bind(3, milliseconds);
        try
        {
            while (_due.Step())
            {
                yield return (_due.Number(0), SessionId.Read(_due.Blob(1)));
            }
        }
        finally
        {
            _due.Reset();
        }
    }

    public SessionCounts Count()
    {
        _reader.Begin();
        _count.Step();
        SessionCounts counts = new(_count.Number(0), _count.Number(1), _count.Number(2));
        _count.Reset();
        return counts;
    }

    private void Bind(SqliteStatement statement, SessionId session)
    {
        _reader.Begin();
        session.Write(_id);
        statement.BindPinned(2, _pointer, SessionId.Bytes);
    }
}
