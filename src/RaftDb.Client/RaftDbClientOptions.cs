namespace RaftDb.Client;

/// <summary>How a client behaves.</summary>
public sealed record RaftDbClientOptions
{
    /// <summary>How long one call may take, its retries included. Long enough to sit out an election.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long one node may take to answer before it counts as silent; null = the whole <see cref="Timeout"/>.</summary>
    public TimeSpan? AttemptTimeout { get; init; }

    /// <summary>How long establishing one connection may take: a silent machine should cost no more than this.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>The first pause before a retry when no other node is left to try at once; it doubles, with jitter.</summary>
    public TimeSpan FirstRetryDelay { get; init; } = TimeSpan.FromMilliseconds(5);

    /// <summary>The longest pause between retries.</summary>
    public TimeSpan LongestRetryDelay { get; init; } = TimeSpan.FromMilliseconds(200);

    /// <summary>
    /// Whether an unconditional put, whose outcome is not known, is sent again with the same value. Off by default: between the two
    /// another client's write may be overwritten.
    /// </summary>
    public bool RetryUnknownOutcomes { get; init; }

    /// <summary>How long a node that keeps failing is left alone while others answer.</summary>
    public TimeSpan CircuitBreak { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>Connections to one node at most.</summary>
    public int ConnectionsPerNode { get; init; } = 256;

    /// <summary>Throws when the options contradict each other.</summary>
    public void Validate()
    {
        Positive(Timeout, nameof(Timeout));
        Positive(ConnectTimeout, nameof(ConnectTimeout));
        Positive(FirstRetryDelay, nameof(FirstRetryDelay));
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(ConnectionsPerNode);
        if (LongestRetryDelay < FirstRetryDelay)
        {
            throw new ArgumentException("LongestRetryDelay must not be below FirstRetryDelay.");
        }

        if (CircuitBreak < TimeSpan.FromMilliseconds(500))
        {
            throw new ArgumentException("CircuitBreak must be at least 500 ms.");
        }
    }

    private static void Positive(TimeSpan value, string name)
    {
        if (value <= TimeSpan.Zero)
        {
            throw new ArgumentException($"{name} must be above zero.");
        }
    }
}
