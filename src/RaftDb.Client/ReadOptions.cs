using System.Globalization;

namespace RaftDb.Client;

/// <summary>What a read promises and which replica serves it.</summary>
public sealed record ReadOptions
{
    /// <summary>linearizable (the default), bounded, session or eventual.</summary>
    public string? Consistency { get; init; }

    /// <summary>bounded: the oldest state that will do.</summary>
    public TimeSpan? MaxStaleness { get; init; }

    /// <summary>leader, follower, any, or a node's id.</summary>
    public string? Replica { get; init; }

    /// <summary>session: the token of an earlier answer; the client's own when null.</summary>
    public string? Token { get; init; }

    /// <summary>The latest state.</summary>
    public static ReadOptions Linearizable { get; } = new() { Consistency = "linearizable" };

    /// <summary>Whatever the replica has.</summary>
    public static ReadOptions Eventual { get; } = new() { Consistency = "eventual" };

    /// <summary>What this client has written and seen, or later.</summary>
    public static ReadOptions Session { get; } = new() { Consistency = "session" };

    /// <summary>A state that is at most so old.</summary>
    public static ReadOptions Bounded(TimeSpan maxStaleness) => new() { Consistency = "bounded", MaxStaleness = maxStaleness };

    internal void AddTo(QueryText query)
    {
        query.Add("consistency", Consistency);
        if (MaxStaleness is { } staleness)
        {
            query.Add("max_staleness", DurationText.Format(staleness));
        }

        query.Add("replica", Replica);
    }
}

/// <summary>How a write is done.</summary>
public sealed record WriteOptions
{
    /// <summary>Only if the key has this version; 0 = only if it is absent.</summary>
    public ulong? IfVersion { get; init; }

    /// <summary>quorum (the default), all or leader.</summary>
    public string? Ack { get; init; }

    /// <summary>The key goes away after this time.</summary>
    public TimeSpan? TimeToLive { get; init; }

    internal void AddTo(QueryText query)
    {
        query.Add("ack", Ack);
        if (TimeToLive is { } ttl)
        {
            query.Add("ttl", DurationText.Format(ttl));
        }
    }
}

/// <summary>Durations as the interfaces write them.</summary>
internal static class DurationText
{
    public static string Format(TimeSpan duration) =>
        Math.Max(1, (long)Math.Ceiling(duration.TotalMilliseconds)).ToString(CultureInfo.InvariantCulture) + "ms";
}
