using RaftDb.Storage.StateMachines.Sessions;

namespace RaftDb.Storage.StateMachines.Memory;

/// <summary>The sessions below all layers in memory: those of the file, or of the simulator's.</summary>
internal interface IFileSessions
{
    /// <summary>Reads a session; false when it is not known.</summary>
    bool TryFind(SessionId session, out SessionRow row);

    /// <summary>Measures what a session keeps of sequences from one on.</summary>
    SessionSize Measure(SessionId session, ulong from);

    /// <summary>Reads a result; false when there is none.</summary>
    bool TryResult(SessionId session, ulong sequence, uint part, out KeptResult kept);

    /// <summary>Sessions of a state whose time is at or before a time, in the order of their times and then of their ids. One at a time.</summary>
    IEnumerable<(long Time, SessionId Session)> Due(SessionState state, long milliseconds);

    /// <summary>Counts all sessions.</summary>
    SessionCounts Count();
}
