namespace RaftDb.Cli.Drills.Histories;

/// <summary>
/// The values of a key, numbered. A value that nobody read is <see cref="Unread"/>: which of them it was makes no difference, and that
/// keeps the search small when many outcomes are unknown. Where somebody increments, values are what they are.
/// </summary>
internal sealed class ValueSlots
{
    public const long Unread = -1;

    private readonly Dictionary<long, int> _slots = [];
    private readonly List<long> _firstWritten = [];

    public ValueSlots(IReadOnlyList<Operation> operations)
    {
        Numbered = operations.All(one => one.Kind != OperationKind.Increment);
        if (!Numbered)
        {
            return;
        }

        foreach (Operation read in operations)
        {
            if (read is { Kind: OperationKind.Read, Outcome: OperationOutcome.Answered, Value: { } value } && _slots.TryAdd(value, _slots.Count))
            {
                _firstWritten.Add(long.MaxValue);
            }
        }

        foreach (Operation write in operations)
        {
            if (Produces(write) && _slots.TryGetValue(write.Argument, out int slot))
            {
                _firstWritten[slot] = Math.Min(_firstWritten[slot], write.Invoked);
            }
        }
    }

    /// <summary>Whether states hold slots; otherwise they hold the values themselves.</summary>
    public bool Numbered { get; }

    public int Count => _slots.Count;

    /// <summary>When somebody began to write the value; the beginning of time when that can't be told, or for absence. A value that nobody wrote: the beginning too, so that it shows as what does not fit.</summary>
    public long FirstWritten(long? value) =>
        Numbered && value is { } read && _firstWritten[_slots[read]] is var first and not long.MaxValue ? first : long.MinValue;

    public long ArgumentOf(Operation operation) =>
        !Numbered || !Writes(operation) ? operation.Argument : _slots.TryGetValue(operation.Argument, out int slot) ? slot : Unread;

    public long? ReadOf(Operation operation) =>
        Numbered && operation is { Kind: OperationKind.Read, Value: { } value } ? _slots[value] : operation.Value;

    /// <summary>Whether the operation wrote its argument, or may have.</summary>
    public static bool Produces(Operation operation) =>
        Writes(operation) && operation switch
        {
            { Outcome: OperationOutcome.Answered } => operation.Succeeded,
            { Outcome: OperationOutcome.Unknown } => true,
            _ => false,
        };

    private static bool Writes(Operation operation) => operation.Kind is OperationKind.Put or OperationKind.CompareAndSet;
}
