using RaftDb.Client.Protocol;

namespace RaftDb.Client;

/// <summary>Many writes in one call, of any ranges: those of one range are done together, the ranges independently of each other.</summary>
public sealed class WriteBatch
{
    private readonly List<OperationDocument> _operations = [];

    /// <summary>How many writes there are.</summary>
    public int Count => _operations.Count;

    internal IReadOnlyList<OperationDocument> Operations => _operations;

    /// <summary>Writes a key; with a time to live, it goes away after it.</summary>
    public WriteBatch Put(Bytes key, Bytes value, TimeSpan? timeToLive = null) =>
        Add(new() { Put = new(new(key.Memory), new(value.Memory), timeToLive is { } ttl ? Durations.Format(ttl) : null) });

    /// <summary>Removes a key.</summary>
    public WriteBatch Delete(Bytes key) => Add(new() { Delete = new(new(key.Memory)) });

    /// <summary>Adds to the decimal number that a key holds.</summary>
    public WriteBatch Increment(Bytes key, long by = 1) => Add(new() { Increment = new(new(key.Memory), by) });

    private WriteBatch Add(OperationDocument operation)
    {
        _operations.Add(operation);
        return this;
    }
}
