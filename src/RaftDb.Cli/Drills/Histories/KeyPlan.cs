namespace RaftDb.Cli.Drills.Histories;

/// <summary>A key's history, laid out for the search. Nothing here changes while it is searched.</summary>
internal sealed class KeyPlan
{
    public KeyPlan(IReadOnlyList<Operation> operations)
    {
        Values = new ValueSlots(operations);

        // Failed operations were never done, and a read without an answer changes nothing and says nothing.
        Answered = [.. operations
            .Where(one => one.Outcome == OperationOutcome.Answered)
            .Select(one => new AnsweredOperation(one, Earliest(one), Values.ArgumentOf(one), Values.ReadOf(one)))
            .OrderBy(one => one.Earliest).ThenBy(one => one.Operation.Responded)];
        Open = new OpenWrites(operations, Values);
        VersionsMatter = operations.Any(one => one.Kind == OperationKind.CompareAndSet || (one.Outcome == OperationOutcome.Answered && one.Version is not null));
        VersionsOnlyGrow = operations.All(one => one.Kind != OperationKind.Delete || one.Outcome == OperationOutcome.Failed);
        SumsOnlyGrow = operations.All(one => one.Kind == OperationKind.Read || (one.Kind == OperationKind.Increment && one.Argument > 0));
        LinkSessions();
    }

    /// <summary>By the earliest moment at which each may take effect.</summary>
    public IReadOnlyList<AnsweredOperation> Answered { get; }

    /// <summary>The writes of unknown outcome.</summary>
    public OpenWrites Open { get; }

    public ValueSlots Values { get; }

    /// <summary>Whether anybody saw or named a version; if not, states are told apart by their values alone.</summary>
    public bool VersionsMatter { get; }

    /// <summary>Nobody deletes: a version that was passed never comes back.</summary>
    public bool VersionsOnlyGrow { get; }

    /// <summary>Everybody adds: a sum that was passed never comes back.</summary>
    public bool SumsOnlyGrow { get; }

    private long Earliest(Operation operation)
    {
        long promised = operation switch
        {
            { Kind: not OperationKind.Read } or { Promise: ReadPromise.Linearizable } => operation.Invoked,
            { Promise: ReadPromise.Bounded } => operation.Invoked - operation.MaxStaleness,
            _ => long.MinValue,
        };

        // Nobody sees a value before somebody began to write it. It keeps old reads from lying open all along the search.
        return operation.Kind == OperationKind.Read ? Math.Max(promised, Values.FirstWritten(operation.Value)) : promised;
    }

    /// <summary>
    /// A session read comes after all that its client was told before it asked. It is enough to name the last operations of them: what ended
    /// before one of those began, and is in order with it by the times alone, needs no naming.
    /// </summary>
    private void LinkSessions()
    {
        Dictionary<int, List<int>> told = [];
        foreach (int i in Enumerable.Range(0, Answered.Count).OrderBy(i => Answered[i].Operation.Responded).ThenBy(i => Answered[i].Operation.Invoked))
        {
            Operation operation = Answered[i].Operation;
            if (!told.TryGetValue(operation.Client, out List<int>? before))
            {
                told.Add(operation.Client, before = []);
            }

            if (operation is { Kind: OperationKind.Read, Promise: ReadPromise.Session })
            {
                Answered[i].After = LastBefore(operation, before);
            }

            before.Add(i);
        }
    }

    private List<int> LastBefore(Operation read, List<int> told)
    {
        List<int> last = [];
        long from = long.MinValue;
        for (int i = told.Count - 1; i >= 0 && Answered[told[i]].Operation.Responded >= from; i--)
        {
            Operation operation = Answered[told[i]].Operation;

            // Of two that took no time and stand at one moment nobody can say which was first.
            if (operation.Responded <= read.Invoked && operation.Invoked < read.Responded)
            {
                last.Add(told[i]);
                bool inOrder = operation.Kind != OperationKind.Read || operation.Promise is ReadPromise.Linearizable or ReadPromise.Session;
                from = inOrder ? Math.Max(from, operation.Invoked) : from;
            }
        }

        return last;
    }
}

/// <summary>An answered operation, and when it may take effect: from <see cref="Earliest"/> until its answer.</summary>
internal sealed class AnsweredOperation(Operation operation, long earliest, long argument, long? value)
{
    public Operation Operation { get; } = operation;

    public long Earliest { get; } = earliest;

    public long Latest => Operation.Responded;

    /// <summary>What it writes, as the states count values.</summary>
    public long Argument { get; } = argument;

    /// <summary>What it was told, as the states count values.</summary>
    public long? Value { get; } = value;

    /// <summary>Whether its answer says that it left the key as it was.</summary>
    public bool IsWithoutEffect { get; } = RegisterModel.IsWithoutEffect(operation);

    /// <summary>Session read: what must have taken effect before it.</summary>
    public IReadOnlyList<int> After { get; set; } = [];
}
