namespace RaftDb.Cli.Drills.Histories;

/// <summary>
/// The writes of unknown outcome, in classes that do the same. Within a class only the earliest unused one is ever tried: an order
/// that uses a later one stays as good with the earlier one in its place, because none of them must be over by any time.
/// </summary>
internal sealed class OpenWrites
{
    private readonly List<Operation> _writes = [];
    private readonly List<int> _classOf = [];

    public OpenWrites(IReadOnlyList<Operation> operations, ValueSlots values)
    {
        List<(Operation Operation, long Argument)> all = [.. operations
            .Where(one => one.Outcome == OperationOutcome.Unknown && one.Kind != OperationKind.Read)
            .Select(one => (one, one.Kind == OperationKind.Delete ? 0 : values.ArgumentOf(one)))
            .OrderBy(one => one.one.Kind).ThenBy(one => one.Item2).ThenBy(one => one.one.Expected).ThenBy(one => one.one.Invoked)];
        List<int> starts = [];
        foreach ((Operation operation, long argument) in all)
        {
            if (starts.Count == 0 || _writes[^1].Kind != operation.Kind || Arguments[^1] != argument || _writes[^1].Expected != operation.Expected)
            {
                starts.Add(_writes.Count);
            }

            _writes.Add(operation);
            Arguments.Add(argument);
            _classOf.Add(starts.Count - 1);
        }

        starts.Add(_writes.Count);
        ClassStarts = starts;
    }

    public int Count => _writes.Count;

    public int Classes => ClassStarts.Count - 1;

    /// <summary>Where each class begins; one more for the end.</summary>
    public IReadOnlyList<int> ClassStarts { get; }

    /// <summary>What each writes, as the states count values.</summary>
    public List<long> Arguments { get; } = [];

    public Operation this[int write] => _writes[write];

    public int ClassOf(int write) => _classOf[write];
}
