namespace RaftDb.Storage.StateMachines.Sessions;

/// <summary>The sessions of one range and the results that they keep, inside a transaction that somebody else begins and ends: in SQLite, or in the simulator's memory.
/// Used by the thread that applies.</summary>
internal interface ISessionTable
{
    /// <summary>Reads a session; false when it is not known.</summary>
    bool TryFind(SessionId session, out SessionRow row);

    /// <summary>Adds or replaces a session.</summary>
    void Write(SessionId session, in SessionRow row);

    /// <summary>Forgets a session, which keeps no results.</summary>
    void Delete(SessionId session);

    /// <summary>Measures what a session keeps.</summary>
    SessionSize Measure(SessionId session);

    /// <summary>Reads a result; false when there is none.</summary>
    bool TryResult(SessionId session, ulong sequence, uint part, out KeptResult kept);

    /// <summary>Adds a result where there is none, and keeps its bytes.</summary>
    void AddResult(SessionId session, ulong sequence, uint part, ReadOnlySpan<byte> hash, byte[] result);

    /// <summary>Drops the results of sequences below <paramref name="below"/>.</summary>
    void DropResults(SessionId session, ulong below);

    /// <summary>Sessions of a state whose time is at or before a time, in the order of their times and then of their ids.</summary>
    void Due(SessionState state, long milliseconds, int limit, List<SessionId> sessions);

    /// <summary>The earliest last use of an open session; 0 without one.</summary>
    long EarliestUse();

    /// <summary>Counts all sessions.</summary>
    SessionCounts Count();
}
