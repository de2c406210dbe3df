namespace RaftDb.Storage.StateMachines.Sessions;

/// <summary>What became of a session in one range.</summary>
internal enum SessionState : byte
{
    /// <summary>It takes writes.</summary>
    Open = 0,

    /// <summary>It has expired. Remembered until its id is too old to be opened by anybody.</summary>
    Ended = 1,

    /// <summary>It has expired, and its id does not tell its age: remembered for ever.</summary>
    EndedForEver = 2,
}

/// <summary>One session in one range.</summary>
/// <param name="State">What became of it.</param>
/// <param name="Time">In milliseconds of log time: the last use (to a second) while it is open; when it may be forgotten once it has ended.</param>
/// <param name="Mark">Sequences below are answered: their results are gone.</param>
internal readonly record struct SessionRow(SessionState State, long Time, ulong Mark);

/// <summary>What an open session keeps.</summary>
/// <param name="Results">How many results.</param>
/// <param name="Bytes">What they take.</param>
/// <param name="Last">The highest sequence that has one; 0 = none has.</param>
internal readonly record struct SessionSize(int Results, long Bytes, ulong Last);

/// <summary>How many sessions a range knows.</summary>
internal record struct SessionCounts(long Open, long Ended, long EndedForEver);

/// <summary>What was answered, and to what.</summary>
internal readonly record struct KeptResult(byte[] Hash, byte[] Result);
