namespace RaftDb.Storage.StateMachines.Sessions;

/// <summary>What makes a write one that is done once, however often it is sent.</summary>
/// <param name="Session">The client's session.</param>
/// <param name="Sequence">The request's number in the session, from 1 to 2⁶³-2. Not to be used for another request ever.</param>
/// <param name="Acknowledged">The lowest number that the client still awaits an answer to; what is kept for lower ones may go. 0 = it doesn't say.</param>
/// <param name="Part">Which part of the request this is, where it became several writes: the ordinal of its first operation.</param>
public readonly record struct SessionWrite(SessionId Session, ulong Sequence, ulong Acknowledged, uint Part = 0)
{
    /// <summary>The largest sequence number.</summary>
    public const ulong MaxSequence = long.MaxValue - 1;

    /// <summary>Whether the numbers make sense.</summary>
    public bool IsValid => Sequence is >= 1 and <= MaxSequence && Acknowledged <= Sequence;
}
