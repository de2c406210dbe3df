using RaftDb.Storage.StateMachines.Sessions;

namespace RaftDb.Server.Api.Resp.Execution;

/// <summary>The session that a connection writes in: each write command takes the next sequence number, in the order of the commands.</summary>
internal sealed class WriteSession(SessionId id, ulong next, ulong acknowledged)
{
    public SessionId Id => id;

    /// <summary>The number that the next write command takes.</summary>
    public ulong Next { get; private set; } = next;

    /// <summary>The lowest number that the client awaits an answer to, as it said.</summary>
    public ulong Acknowledged => acknowledged;

    /// <summary>Takes a number; null when there are no more.</summary>
    public SessionWrite? Take() => Next > SessionWrite.MaxSequence ? null : new(id, Next++, acknowledged);
}
