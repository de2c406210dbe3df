using RaftDb.Storage;
using RaftDb.Storage.StateMachines;
using RaftDb.Storage.StateMachines.Commands;
using RaftDb.Storage.StateMachines.Sessions;

namespace RaftDb.Tests.Storage.StateMachines.Sessions;

/// <summary>A state machine with sessions, and short ways to write in them.</summary>
internal sealed class SessionFixture(StateMachineOptions? options = null) : IDisposable
{
    public const long Start = 1_700_000_000_000;
    public const long Hour = 3_600_000;

    public static readonly SessionId Minted = SessionId.Mint(HybridTimestamp.Of(Start, 0), 1234567);
    public static readonly SessionId Chosen = new(42);

    public StateFixture State { get; } = new(options: options);

    /// <summary>The log's time.</summary>
    public long Now { get; set; } = Start;

    public CommandResult Write(SessionId session, ulong sequence, Operation operation, ulong acknowledged = 0, uint part = 0) =>
        State.Apply(Command(session, sequence, operation, acknowledged, part));

    public CommandResult Increment(SessionId session, ulong sequence, ulong acknowledged = 0) =>
        Write(session, sequence, Operation.Increment("n"u8.ToArray(), 1), acknowledged);

    public TransactionCommand Command(SessionId session, ulong sequence, Operation operation, ulong acknowledged = 0, uint part = 0) =>
        new(HybridTimestamp.Of(Now, 0), 1, [], [operation], [], new SessionWrite(session, sequence, acknowledged, part));

    public CommandResult Expire(long idle = Hour, int limit = 100) => State.Apply(new ExpireSessionsCommand(HybridTimestamp.Of(Now, 0), 1, idle, limit));

    public static string Show(CommandResult result) => Convert.ToHexString(CommandResultCodec.Encode(result));

    public void Dispose() => State.Dispose();
}
