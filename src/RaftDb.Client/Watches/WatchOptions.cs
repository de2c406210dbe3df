namespace RaftDb.Client;

/// <summary>What to watch.</summary>
public sealed record WatchOptions
{
    /// <summary>Only keys that begin so.</summary>
    public Bytes? Prefix { get; init; }

    /// <summary>The first key.</summary>
    public Bytes? Start { get; init; }

    /// <summary>The key before which to stop.</summary>
    public Bytes? End { get; init; }

    /// <summary>The <see cref="Protocol.WatchEvent.Token"/> of an event, behind which to go on; null = with what is written from now on.</summary>
    public string? From { get; init; }
}
