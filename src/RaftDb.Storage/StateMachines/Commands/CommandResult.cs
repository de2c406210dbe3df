namespace RaftDb.Storage.StateMachines.Commands;

/// <summary>How a command ended; the same on every replica.</summary>
public enum CommandStatus : byte
{
    /// <summary>Done.</summary>
    Done = 0,

    /// <summary>A key is not in the range (any more): nothing was done.</summary>
    OutOfRange = 1,

    /// <summary>An operation can't be done (its place and reason in <see cref="CommandResult.Detail"/>): nothing was done.</summary>
    Rejected = 2,

    /// <summary>The session has expired: nothing was done now, and whether it was done before is not known.</summary>
    SessionExpired = 3,

    /// <summary>The sequence number can't be used for this request (reason in <see cref="CommandResult.Detail"/>): nothing was done.</summary>
    SequenceReused = 4,

    /// <summary>There is no room for one more session, or for one more result in this one (reason in <see cref="CommandResult.Detail"/>): nothing was done.</summary>
    SessionLimit = 5,
}

/// <summary>What one operation did.</summary>
/// <param name="Kind">Its kind.</param>
/// <param name="Version">Put, increment, append, overwrite, expire: the key's new version. Get: its version (0 = absent). Delete: the version it had (0 = was absent).</param>
/// <param name="Index">Get: the index that last changed the key. Others: the entry's index.</param>
/// <param name="Value">Get: the value. Increment: the new number as text.</param>
/// <param name="Count">Delete, delete-range: how many keys went. Append: the new length. Expire: 1 when it changed something. Get:
/// when it expires, in milliseconds of log time; 0 = never.</param>
/// <param name="More">Delete-range: more keys are left.</param>
public readonly record struct OperationResult(
    OperationKind Kind, ulong Version, ulong Index, ReadOnlyMemory<byte> Value, long Count, bool More);

/// <summary>What a command did.</summary>
/// <param name="Status">How it ended.</param>
/// <param name="Succeeded">Whether the conditions held.</param>
/// <param name="Index">The entry's index.</param>
/// <param name="Results">One per operation of the branch taken.</param>
/// <param name="FailedCondition">When the conditions did not hold: the first that failed, with its key's present version and index.</param>
/// <param name="Detail">Why it was rejected.</param>
/// <param name="Items">A batch: what each item did, with its results in <paramref name="Results"/>; null for other commands.</param>
public sealed record CommandResult(
    CommandStatus Status,
    bool Succeeded,
    ulong Index,
    IReadOnlyList<OperationResult> Results,
    FailedCondition? FailedCondition = null,
    string? Detail = null,
    IReadOnlyList<ItemResult>? Items = null);

/// <summary>What one item of a batch did.</summary>
/// <param name="Status">How it ended; never out of range, which is for the whole batch.</param>
/// <param name="Succeeded">Whether its conditions held.</param>
/// <param name="First">Where its results begin in <see cref="CommandResult.Results"/>.</param>
/// <param name="Count">How many they are.</param>
/// <param name="FailedCondition">As for a command.</param>
/// <param name="Detail">As for a command.</param>
/// <param name="Index">In a session: the entry that executed it, when that was an earlier one; else 0.</param>
public readonly record struct ItemResult(
    CommandStatus Status, bool Succeeded, int First, int Count, FailedCondition? FailedCondition, string? Detail, ulong Index = 0);

/// <summary>The first condition that did not hold.</summary>
public readonly record struct FailedCondition(int Ordinal, ulong Version, ulong Index);
