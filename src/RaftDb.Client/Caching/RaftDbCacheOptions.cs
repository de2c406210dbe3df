namespace RaftDb.Client.Caching;

/// <summary>How the distributed cache keeps its entries.</summary>
public sealed class RaftDbCacheOptions
{
    /// <summary>What the keys of the cache begin with. It should hold nothing else.</summary>
    public string KeyPrefix { get; set; } = "cache/";

    /// <summary>The client's name, where it was added with <c>AddKeyedRaftDb</c>; null = the one without a name.</summary>
    public string? ClientName { get; set; }

    /// <summary>What reads promise. The default is the latest state; <see cref="ReadOptions.Eventual"/> or a bounded staleness are cheaper, and are served by any replica.</summary>
    public ReadOptions Read { get; set; } = ReadOptions.Linearizable;
}
