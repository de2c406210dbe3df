using RaftDb.Client.Protocol;

namespace RaftDb.Client;

/// <summary>Builds a transaction: if all conditions hold, the operations are done, all of them or none. All keys in one range.</summary>
public sealed class TxnBuilder
{
    private readonly RaftDbClient _client;
    private readonly List<Comparison> _compare = [];
    private readonly List<OperationDocument> _then = [];
    private readonly List<OperationDocument> _else = [];
    private List<OperationDocument> _operations;
    private string? _ack;

    internal TxnBuilder(RaftDbClient client)
    {
        _client = client;
        _operations = _then;
    }

    /// <summary>The key must have this version; 0 = be absent.</summary>
    public TxnBuilder IfVersion(Bytes key, ulong version) => Condition(new(Text(key), Version: version));

    /// <summary>The key's last change must be of this log index.</summary>
    public TxnBuilder IfIndex(Bytes key, ulong index) => Condition(new(Text(key), Index: index));

    /// <summary>The key must have this value.</summary>
    public TxnBuilder IfValue(Bytes key, Bytes value) => Condition(new(Text(key), Value: Text(value)));

    /// <summary>The key must exist, or must not.</summary>
    public TxnBuilder IfExists(Bytes key, bool exists = true) => Condition(new(Text(key), Exists: exists));

    /// <summary>What follows is done when a condition does not hold.</summary>
    public TxnBuilder Else()
    {
        _operations = _else;
        return this;
    }

    /// <summary>When it is answered: quorum (the default) or all.</summary>
    public TxnBuilder Ack(string ack)
    {
        _ack = ack;
        return this;
    }

    /// <summary>Writes a key; with a time to live, it goes away after it.</summary>
    public TxnBuilder Put(Bytes key, Bytes value, TimeSpan? timeToLive = null) =>
        Operation(new() { Put = new(Text(key), Text(value), timeToLive is { } ttl ? Durations.Format(ttl) : null) });

    /// <summary>Removes a key.</summary>
    public TxnBuilder Delete(Bytes key) => Operation(new() { Delete = new(Text(key)) });

    /// <summary>Removes keys from <paramref name="start"/> up to, not including, <paramref name="end"/>, so many at most.</summary>
    public TxnBuilder DeleteRange(Bytes start, Bytes end, int limit = 1000) => Operation(new() { DeleteRange = new(Text(start), Text(end), limit) });

    /// <summary>Reads a key.</summary>
    public TxnBuilder Get(Bytes key) => Operation(new() { Get = new(Text(key)) });

    /// <summary>Adds to the decimal number that the key holds.</summary>
    public TxnBuilder Increment(Bytes key, long by) => Operation(new() { Increment = new(Text(key), by) });

    /// <summary>Does it.</summary>
    public Task<TxnResult> CommitAsync(CancellationToken cancel = default) => _client.TransactAsync(new(_compare, _then, _else), _ack, cancel);

    private static BinaryText Text(Bytes bytes) => new(bytes.Memory);

    private TxnBuilder Condition(Comparison condition)
    {
        _compare.Add(condition);
        return this;
    }

    private TxnBuilder Operation(OperationDocument operation)
    {
        _operations.Add(operation);
        return this;
    }
}
