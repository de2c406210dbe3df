namespace RaftDb.Cli.Drills.Histories;

/// <summary>What all clients did to all keys. Keys keep the order in which they first came; filled by one thread.</summary>
internal sealed class History
{
    private readonly Dictionary<string, List<Operation>> _byKey = new(StringComparer.Ordinal);
    private readonly List<string> _keys = [];

    public IReadOnlyList<string> Keys => _keys;

    public int Count { get; private set; }

    public IReadOnlyList<Operation> this[string key] => _byKey[key];

    public void Add(string key, Operation operation)
    {
        if (operation.Outcome == OperationOutcome.Answered && operation.Responded < operation.Invoked)
        {
            throw new ArgumentException($"Answered before it was asked: {operation}", nameof(operation));
        }

        if (!_byKey.TryGetValue(key, out List<Operation>? operations))
        {
            _byKey.Add(key, operations = []);
            _keys.Add(key);
        }

        operations.Add(operation);
        Count++;
    }
}
