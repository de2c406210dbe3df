using RaftDb.Client.Http;
using RaftDb.Client.Protocol;

namespace RaftDb.Client;

/// <summary>Builds a transaction: if all conditions hold, the operations are done, all of them or none. All keys in one range.</summary>
public sealed class TxnBuilder
{
    private readonly RaftDbClient _client;
    private readonly List<object> _compare = [];
    private readonly List<object> _then = [];
    private readonly List<object> _else = [];
    private List<object> _operations;

    internal TxnBuilder(RaftDbClient client)
    {
        _client = client;
        _operations = _then;
    }

    /// <summary>The key must have this version; 0 = be absent.</summary>
    public TxnBuilder IfVersion(Bytes key, ulong version) => Condition(new { key = Text(key), version });

    /// <summary>The key's last change must be of this log index.</summary>
    public TxnBuilder IfIndex(Bytes key, ulong index) => Condition(new { key = Text(key), index });

    /// <summary>The key must have this value.</summary>
    public TxnBuilder IfValue(Bytes key, Bytes value) => Condition(new { key = Text(key), value = Text(value) });

    /// <summary>The key must exist, or must not.</summary>
    public TxnBuilder IfExists(Bytes key, bool exists = true) => Condition(new { key = Text(key), exists });

    /// <summary>What follows is done when a condition does not hold.</summary>
    public TxnBuilder Else()
    {
        _operations = _else;
        return this;
    }

    /// <summary>Writes a key, which goes away after a time where one is given.</summary>
    public TxnBuilder Put(Bytes key, Bytes value, TimeSpan? timeToLive = null) =>
        Operation(new { put = new { key = Text(key), value = Text(value), ttl = timeToLive is { } ttl ? DurationText.Format(ttl) : null } });

    /// <summary>Removes a key.</summary>
    public TxnBuilder Delete(Bytes key) => Operation(new { delete = new { key = Text(key) } });

    /// <summary>Reads a key.</summary>
    public TxnBuilder Get(Bytes key) => Operation(new { get = new { key = Text(key) } });

    /// <summary>Adds to the decimal number that the key holds.</summary>
    public TxnBuilder Increment(Bytes key, long by) => Operation(new { increment = new { key = Text(key), by } });

    /// <summary>Does it.</summary>
    public async Task<TxnResult> CommitAsync(CancellationToken cancel = default)
    {
        Answer answer = await _client.SendJsonAsync(
            HttpMethod.Post, "/v1/txn", new { compare = _compare, then = _then, @else = _else }, cancel).ConfigureAwait(false);
        return RaftDbClient.Parse<TxnResult>(answer);
    }

    private static BinaryText Text(Bytes bytes) => new(bytes.Memory);

    private TxnBuilder Condition(object condition)
    {
        _compare.Add(condition);
        return this;
    }

    private TxnBuilder Operation(object operation)
    {
        _operations.Add(operation);
        return this;
    }
}
