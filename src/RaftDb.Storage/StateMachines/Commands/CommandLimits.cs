namespace RaftDb.Storage.StateMachines.Commands;

/// <summary>What is wrong with a command before it is proposed.</summary>
public enum CommandProblem
{
    /// <summary>A key has no bytes.</summary>
    EmptyKey,

    /// <summary>A key is longer than <see cref="CommandLimits.MaxKeyBytes"/>.</summary>
    KeyTooLarge,

    /// <summary>A value is longer than <see cref="CommandLimits.MaxValueBytes"/>.</summary>
    ValueTooLarge,

    /// <summary>More conditions and operations than <see cref="CommandLimits.MaxOperations"/>.</summary>
    TooManyOperations,

    /// <summary>The whole is larger than <see cref="CommandLimits.MaxCommandBytes"/>.</summary>
    CommandTooLarge,

    /// <summary>The most keys that one delete-range or expiry may remove is not between 1 and <see cref="CommandLimits.MaxDeletedKeys"/>.</summary>
    LimitOutOfBounds,

    /// <summary>A TTL is negative or longer than a hybrid timestamp can tell.</summary>
    TtlOutOfBounds,

    /// <summary>A kind of operation or condition that doesn't exist.</summary>
    UnknownKind,
}

/// <summary>Why a command may not be proposed.</summary>
/// <param name="Problem">What is wrong.</param>
/// <param name="Where">Which part: <c>compare[0]</c>, <c>then[2]</c>, <c>else[1]</c> or <c>command</c>.</param>
/// <param name="Actual">The number that is wrong.</param>
/// <param name="Limit">What it may be at most.</param>
public readonly record struct CommandError(CommandProblem Problem, string Where, long Actual, long Limit)
{
    /// <summary>Whether it is about size rather than about sense.</summary>
    public bool IsTooLarge => Problem is CommandProblem.KeyTooLarge or CommandProblem.ValueTooLarge
        or CommandProblem.TooManyOperations or CommandProblem.CommandTooLarge;

    /// <inheritdoc/>
    public override string ToString() => Problem switch
    {
        CommandProblem.EmptyKey => $"{Where}: a key must have at least 1 byte",
        CommandProblem.KeyTooLarge => $"{Where}: a key of {Actual} bytes is over the limit of {Limit}",
        CommandProblem.ValueTooLarge => $"{Where}: a value of {Actual} bytes is over the limit of {Limit}",
        CommandProblem.TooManyOperations => $"{Where}: {Actual} conditions and operations are over the limit of {Limit}",
        CommandProblem.CommandTooLarge => $"{Where}: {Actual} bytes are over the limit of {Limit}",
        CommandProblem.LimitOutOfBounds => $"{Where}: a limit of {Actual} keys is not between 1 and {Limit}",
        CommandProblem.TtlOutOfBounds => $"{Where}: a TTL of {Actual} ms is not between 0 and {Limit}",
        _ => $"{Where}: kind {Actual} does not exist",
    };
}

/// <summary>Bounds that the proposing node keeps. Replicas don't check them at apply: what is in the log was allowed once.</summary>
public sealed record CommandLimits
{
    /// <summary>100 years: a longer TTL is a mistake of units.</summary>
    public const long MaxTtlMilliseconds = 100L * 366 * 24 * 3600 * 1000;

    /// <summary>Longest key. 4 KiB, by the data model.</summary>
    public int MaxKeyBytes { get; init; } = 4096;

    /// <summary>Longest value. 8 MiB: half of what one entry may take.</summary>
    public int MaxValueBytes { get; init; } = 8 << 20;

    /// <summary>Most conditions and operations together. 10,000: some tens of milliseconds of apply at worst.</summary>
    public int MaxOperations { get; init; } = 10_000;

    /// <summary>Largest encoded command. 16 MiB: bounds what one entry costs in memory and in one message.</summary>
    public int MaxCommandBytes { get; init; } = 16 << 20;

    /// <summary>Most keys that one delete-range or expiry removes. 10,000, for the reason of <see cref="MaxOperations"/>.</summary>
    public int MaxDeletedKeys { get; init; } = 10_000;

    /// <summary>Throws <see cref="ArgumentException"/> naming the option that makes no sense.</summary>
    public CommandLimits Validate()
    {
        Require(MaxKeyBytes is >= 1 and <= 4096, nameof(MaxKeyBytes), "must be between 1 and 4096");
        Require(MaxValueBytes >= 1, nameof(MaxValueBytes), "must be positive");
        Require(MaxOperations >= 1, nameof(MaxOperations), "must be positive");
        Require(MaxDeletedKeys >= 1, nameof(MaxDeletedKeys), "must be positive");
        Require(
            MaxCommandBytes >= (long)MaxValueBytes + MaxKeyBytes + 64, nameof(MaxCommandBytes), "must hold one put of the longest key and value");
        Require(MaxCommandBytes <= 256 << 20, nameof(MaxCommandBytes), "must not be over 256 MiB");
        return this;
    }

    /// <summary>The first thing that forbids to propose the command; null when nothing does.</summary>
    public CommandError? Validate(Command command)
    {
        if (command is ExpireCommand expire)
        {
            return CheckLimit(expire.Limit, "command");
        }

        if (command is ExpireSessionsCommand sessions)
        {
            return CheckLimit(sessions.Limit, "command");
        }

        if (command is KeepChangesCommand)
        {
            return null;
        }

        IReadOnlyList<BatchItem>? items = command switch
        {
            TransactionCommand transaction => [new(transaction.Conditions, transaction.Then, transaction.Else)],
            BatchCommand batch => batch.Items,
            _ => null,
        };
        if (items is null)
        {
            return new(CommandProblem.UnknownKind, "command", 0, 0);
        }

        IReadOnlyList<Condition> guard = command is BatchCommand whole ? whole.Guard : [];
        long count = guard.Count;
        for (int i = 0; i < items.Count; i++)
        {
            count += items[i].Conditions.Count + items[i].Then.Count + items[i].Else.Count;
        }

        if (count > MaxOperations)
        {
            return new(CommandProblem.TooManyOperations, "command", count, MaxOperations);
        }

        if (Conditions(guard) is { } wrong)
        {
            return wrong;
        }

        for (int i = 0; i < items.Count; i++)
        {
            if ((Conditions(items[i].Conditions) ?? Operations(items[i].Then, "then") ?? Operations(items[i].Else, "else")) is { } error)
            {
                return command is BatchCommand ? error with { Where = $"items[{i}].{error.Where}" } : error;
            }
        }

        return Size(command);
    }

    /// <summary>What forbids one operation; null when nothing does. Says nothing of where.</summary>
    public CommandError? Validate(in Operation operation) => CheckOperation(operation);

    private CommandError? Size(Command command)
    {
        int size = CommandCodec.Measure(command);
        return size > MaxCommandBytes ? new(CommandProblem.CommandTooLarge, "command", size, MaxCommandBytes) : null;
    }

    private CommandError? Conditions(IReadOnlyList<Condition> conditions)
    {
        for (int i = 0; i < conditions.Count; i++)
        {
            Condition condition = conditions[i];
            CommandError? error = condition.Kind is < ConditionKind.Version or > ConditionKind.Exists
                ? new(CommandProblem.UnknownKind, "", (byte)condition.Kind, 0)
                : CheckKey(condition.Key.Length) ?? CheckValue(condition.Value.Length);
            if (error is { } found)
            {
                return found with { Where = $"compare[{i}]" };
            }
        }

        return null;
    }

    private CommandError? Operations(IReadOnlyList<Operation> operations, string branch)
    {
        for (int i = 0; i < operations.Count; i++)
        {
            if (CheckOperation(operations[i]) is { } error)
            {
                return error with { Where = $"{branch}[{i}]" };
            }
        }

        return null;
    }

    private CommandError? CheckOperation(in Operation operation)
    {
        CommandError? key = CheckKey(operation.Key.Length);
        return operation.Kind switch
        {
            OperationKind.Put => key ?? CheckValue(operation.Value.Length)
                ?? CheckTtl(operation.TtlMilliseconds),
            OperationKind.DeleteRange => CheckRangeKey(operation.Key.Length) ?? CheckRangeKey(operation.End.Length) ?? CheckLimit(operation.Number, ""),
            OperationKind.Delete or OperationKind.Increment or OperationKind.Get => key,
            OperationKind.Append or OperationKind.Overwrite => key ?? CheckValue(operation.Value.Length),
            OperationKind.Expire => key ?? CheckTtl(operation.TtlMilliseconds),
            _ => new(CommandProblem.UnknownKind, "", (byte)operation.Kind, 0),
        };
    }

    private static CommandError? CheckTtl(long milliseconds) =>
        milliseconds is < 0 or > MaxTtlMilliseconds ? new(CommandProblem.TtlOutOfBounds, "", milliseconds, MaxTtlMilliseconds) : null;

    private CommandError? CheckKey(int length) =>
        length == 0 ? new(CommandProblem.EmptyKey, "", 0, MaxKeyBytes) : CheckRangeKey(length);

    // A bound of a range may be empty (unbounded).
    private CommandError? CheckRangeKey(int length) =>
        length > MaxKeyBytes ? new(CommandProblem.KeyTooLarge, "", length, MaxKeyBytes) : null;

    private CommandError? CheckValue(int length) =>
        length > MaxValueBytes ? new(CommandProblem.ValueTooLarge, "", length, MaxValueBytes) : null;

    private CommandError? CheckLimit(long limit, string where) =>
        limit < 1 || limit > MaxDeletedKeys ? new(CommandProblem.LimitOutOfBounds, where, limit, MaxDeletedKeys) : null;

    private static void Require(bool holds, string option, string rule)
    {
        if (!holds)
        {
            throw new ArgumentException($"Command limit {option} {rule}.");
        }
    }
}
