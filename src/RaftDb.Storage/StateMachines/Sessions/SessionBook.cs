using RaftDb.Raft;
using RaftDb.Storage.StateMachines.Commands;

namespace RaftDb.Storage.StateMachines.Sessions;

/// <summary>Decides for each write in a session whether it is executed, and keeps what it answered. All of it follows from the log and the tables alone. Sessions in use are remembered in
/// memory, always as they are in the tables. Used by the thread that applies, but for <see cref="EarliestUse"/>.</summary>
internal sealed class SessionBook
{
    /// <summary>Sessions remembered in memory: more are looked up again.</summary>
    private const int MaxRemembered = 10_000;

    private readonly ISessionTable _table;
    private readonly Dictionary<SessionId, OpenSession> _remembered = [];
    private readonly List<SessionId> _due = [];
    private SessionCounts? _counts;
    private long _earliestUse;

    public SessionBook(ISessionTable table)
    {
        _table = table;
        _earliestUse = table.EarliestUse();
    }

    /// <summary>No open session was used before this, in milliseconds of log time; 0 when there is no session. Any thread may look.</summary>
    public long EarliestUse => Volatile.Read(ref _earliestUse);

    /// <summary>The answer to a write that must not be executed; null for one that must. A session that is new here is opened.</summary>
    public CommandResult? Admit(in SessionWrite write, ReadOnlySpan<byte> hash, ulong index, long now)
    {
        if (!write.IsValid)
        {
            return Refused(
                CommandStatus.SequenceReused, index, $"sequence {write.Sequence} with {write.Acknowledged} acknowledged makes no sense: sequences begin with 1, and the mark is not above them");
        }

        // 1. The session is open, or is opened.
        if (!_remembered.TryGetValue(write.Session, out OpenSession? session)
            && FindOrOpen(write.Session, index, now, out session) is { } refusal)
        {
            return refusal;
        }

        // 2. What was answered is answered alike again.
        if (write.Sequence < session!.Row.Mark)
        {
            return Refused(
                CommandStatus.SequenceReused, index, $"sequence {write.Sequence} is below {session.Row.Mark}, the lowest that the client awaited an answer to: what was answered is forgotten");
        }

        if (write.Sequence <= session.Size.Last && _table.TryResult(write.Session, write.Sequence, write.Part, out KeptResult kept))
        {
            return hash.SequenceEqual(kept.Hash) || Mutants.SequenceReuseNotCompared
                ? CommandResultCodec.Decode(kept.Result)
                : Refused(CommandStatus.SequenceReused, index, $"sequence {write.Sequence} was used for another request: each request takes a number of its own");
        }

        // 3. Room for one more answer.
        Touch(write, session, now);
        return session.Size.Results >= SessionRules.MaxResults || session.Size.Bytes >= SessionRules.MaxResultBytes
            ? Refused(
                CommandStatus.SessionLimit,
                index,
                $"the session keeps {session.Size.Results} results of {session.Size.Bytes} bytes, and at most {SessionRules.MaxResults} of {SessionRules.MaxResultBytes}: say which ones were received (the lowest sequence still unanswered)")
            : null;
    }

    /// <summary>Keeps what an admitted write answered.</summary>
    public void Keep(in SessionWrite write, ReadOnlySpan<byte> hash, CommandResult result)
    {
        if (Mutants.SessionResultNotStored)
        {
            return;
        }

        byte[] bytes = CommandResultCodec.Encode(result);
        _table.AddResult(write.Session, write.Sequence, write.Part, hash, bytes);
        OpenSession session = _remembered[write.Session];
        SessionSize size = session.Size;
        session.Size = new(size.Results + 1, size.Bytes + bytes.Length + SessionRules.ResultOverhead, Math.Max(size.Last, write.Sequence));
    }

    /// <summary>Ends sessions that were not used for so long, and forgets those that ended long ago.</summary>
    public CommandResult Expire(long idle, int limit, ulong index, long now)
    {
        if (limit < 1 || idle < 1)
        {
            return new(CommandStatus.Rejected, false, index, [], Detail: "idle time and limit must be at least 1");
        }

        now = Mutants.SessionsExpireByWallClock ? Mutants.WallMilliseconds : now;
        _due.Clear();
        _table.Due(SessionState.Open, now - idle, limit, _due);
        foreach (SessionId session in _due)
        {
            End(session, now);
        }

        int ended = _due.Count;
        _due.Clear();
        _table.Due(SessionState.Ended, now, limit, _due);
        foreach (SessionId session in _due)
        {
            _table.Delete(session);
        }

        SessionCounts counts = Counts();
        _counts = counts with { Ended = counts.Ended - _due.Count };
        long earliest = _table.EarliestUse();
        Volatile.Write(ref _earliestUse, earliest);
        bool more = earliest > 0 && earliest <= now - idle;
        return new(CommandStatus.Done, true, index, [new(OperationKind.DeleteRange, 0, index, default, ended, more)]);
    }

    private static CommandResult Refused(CommandStatus status, ulong index, string why) => new(status, false, index, [], Detail: why);

    private CommandResult? FindOrOpen(SessionId id, ulong index, long now, out OpenSession? session)
    {
        session = null;
        if (_table.TryFind(id, out SessionRow row))
        {
            if (row.State != SessionState.Open && !Mutants.ExpiredSessionReexecutes)
            {
                return Refused(CommandStatus.SessionExpired, index, "the session has expired here. Whether an earlier try of this write was executed is not known any more");
            }

            session = Remember(id, row with { State = SessionState.Open }, _table.Measure(id));
            return null;
        }

        if (WhyNotToOpen(id, index, now) is { } refusal)
        {
            return refusal;
        }

        row = new(SessionState.Open, now, 0);
        _table.Write(id, row);
        SessionCounts counts = Counts();
        _counts = counts with { Open = counts.Open + 1 };
        if (_earliestUse == 0 || now < _earliestUse)
        {
            Volatile.Write(ref _earliestUse, Math.Max(now, 1));
        }

        session = Remember(id, row, default);
        return null;
    }

    private CommandResult? WhyNotToOpen(SessionId id, ulong index, long now)
    {
        long? minted = SessionRules.MintedAt(id, now);
        if (minted + SessionRules.OpeningMilliseconds <= now)
        {
            return Refused(
                CommandStatus.SessionExpired, index, "the session is not known here, and its id is more than a day old: if it was known once, it has expired");
        }

        SessionCounts counts = Counts();
        if (counts.Open >= SessionRules.MaxOpen)
        {
            return Refused(CommandStatus.SessionLimit, index, $"the range has {counts.Open} sessions open and opens no more until some have expired");
        }

        if (minted is null && counts.EndedForEver >= SessionRules.MaxEndedForEver)
        {
            return Refused(
                CommandStatus.SessionLimit, index, $"the range remembers {counts.EndedForEver} sessions with ids that clients chose, and takes no more of them: let a node mint the id");
        }

        return counts.Ended >= SessionRules.MaxEnded
            ? Refused(CommandStatus.SessionLimit, index, $"the range remembers {counts.Ended} sessions that ended within a day, and opens no more for now")
            : null;
    }

    private OpenSession Remember(SessionId id, in SessionRow row, in SessionSize size)
    {
        if (_remembered.Count >= MaxRemembered)
        {
            _remembered.Clear();
        }

        OpenSession session = new() { Row = row, Size = size };
        _remembered.Add(id, session);
        return session;
    }

    /// <summary>Notes the use and the mark, not each time: a row written for every write would cost as much as the write.</summary>
    private void Touch(in SessionWrite write, OpenSession session, long now)
    {
        SessionRow row = session.Row;
        if (now - row.Time >= SessionRules.UseMilliseconds)
        {
            row = row with { Time = now };
        }

        bool isFull = session.Size.Results >= SessionRules.MaxResults || session.Size.Bytes >= SessionRules.MaxResultBytes;
        if (write.Acknowledged > row.Mark && (isFull || write.Acknowledged - row.Mark >= SessionRules.DropStep))
        {
            _table.DropResults(write.Session, Mutants.AcknowledgedMarkTooFar ? write.Sequence : write.Acknowledged);
            session.Size = _table.Measure(write.Session);
            row = row with { Mark = write.Acknowledged };
        }

        if (row != session.Row)
        {
            session.Row = row;
            _table.Write(write.Session, row);
        }
    }

    private void End(SessionId session, long now)
    {
        _remembered.Remove(session);
        _table.DropResults(session, ulong.MaxValue);
        SessionCounts counts = Counts();
        counts.Open--;
        if (SessionRules.MintedAt(session, now) is not { } minted)
        {
            _table.Write(session, new(SessionState.EndedForEver, 0, 0));
            counts.EndedForEver++;
        }
        else
        {
            // Possibly in the past already: it is forgotten right afterwards then.
            _table.Write(session, new(SessionState.Ended, minted + SessionRules.OpeningMilliseconds, 0));
            counts.Ended++;
        }

        _counts = counts;
    }

    private SessionCounts Counts() => _counts ??= _table.Count();

    /// <summary>An open session as it is in the tables.</summary>
    private sealed class OpenSession
    {
        public SessionRow Row { get; set; }

        public SessionSize Size { get; set; }
    }
}
