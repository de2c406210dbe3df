using RaftDb.Storage.StateMachines.Sessions;

namespace RaftDb.Storage.StateMachines.Commands;

/// <summary>What a command entry asks of the state machine. Its bytes are the entry's data (see CommandCodec).</summary>
/// <param name="Time">The log's time: from the leader's hybrid clock, and what TTLs are counted from.</param>
/// <param name="Generation">The descriptor generation that the proposer believed in; keys are checked against the descriptor again at apply.</param>
public abstract record Command(HybridTimestamp Time, ulong Generation);

/// <summary>If all conditions hold the operations of <paramref name="Then"/> are done, else those of <paramref name="Else"/>: all of them or, when one is
/// rejected, none. A plain put, delete, increment or batch has no conditions. With a <paramref name="Session"/> it is done once, and its result is kept.</summary>
public sealed record TransactionCommand(
    HybridTimestamp Time,
    ulong Generation,
    IReadOnlyList<Condition> Conditions,
    IReadOnlyList<Operation> Then,
    IReadOnlyList<Operation> Else,
    SessionWrite? Session = null)
    : Command(Time, Generation);

/// <summary>Transactions that have nothing to do with each other but that they share an entry: each is atomic by itself, has its own result, and is
/// done whether or not another one is rejected. In their order.</summary>
/// <param name="Time">As for every command.</param>
/// <param name="Generation">As for every command.</param>
/// <param name="Guard">Conditions of the whole: unless all hold nothing is done.</param>
/// <param name="Items">The transactions.</param>
/// <param name="Session">Makes the whole, guard and all, one write of a session; the items have none then.</param>
public sealed record BatchCommand(
    HybridTimestamp Time, ulong Generation, IReadOnlyList<Condition> Guard, IReadOnlyList<BatchItem> Items, SessionWrite? Session = null)
    : Command(Time, Generation);

/// <summary>One transaction of a batch. See <see cref="TransactionCommand"/>. Items with a session are for batches without a guard.</summary>
public readonly record struct BatchItem(
    IReadOnlyList<Condition> Conditions, IReadOnlyList<Operation> Then, IReadOnlyList<Operation> Else, SessionWrite? Session = null);

/// <summary>Removes rows whose expiry time is not after <see cref="Command.Time"/>, earliest first, at most <paramref name="Limit"/>.</summary>
public sealed record ExpireCommand(HybridTimestamp Time, ulong Generation, int Limit) : Command(Time, Generation);

/// <summary>Has the changes of every entry kept until <paramref name="Until"/> (milliseconds of log time), for those who watch.</summary>
public sealed record KeepChangesCommand(HybridTimestamp Time, ulong Generation, long Until) : Command(Time, Generation);

/// <summary>Ends sessions that were not used for <paramref name="IdleMilliseconds"/> before <see cref="Command.Time"/>, the longest unused first, at most
/// <paramref name="Limit"/>.</summary>
public sealed record ExpireSessionsCommand(HybridTimestamp Time, ulong Generation, long IdleMilliseconds, int Limit) : Command(Time, Generation);
