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

    /// <summary>HTTP connections to one node at most.</summary>
    public int ConnectionsPerNode { get; init; } = 256;

    /// <summary>How the client speaks to nodes.</summary>
    public ClientProtocol Protocol { get; init; }

    /// <summary>
    /// Whether writes are done in sessions: one whose connection breaks is sent again until its deadline, and executed once. On by default; costs each write some bytes
    /// in its range. Over RESP only.
    /// </summary>
    public bool Sessions { get; init; } = true;

    /// <summary>RESP connections to one node for writes, and as many for reads. Each carries any number of calls; a few keep what is slow from holding up the rest.</summary>
    public int LinksPerNode { get; init; } = 2;

    /// <summary>Calls under way over one RESP connection; who comes after that waits.</summary>
    public int MaxInFlightPerLink { get; init; } = 4096;

    /// <summary>
    /// Whether code that awaits a call goes on at once on the thread that reads the connection, without a hop to the thread pool for each answer: less latency and processor time, for
    /// programs that never block there (everything on the connection, and perhaps other connections, waits meanwhile). RESP.
    /// </summary>
    public bool ContinueInline { get; init; }

    /// <summary>After how long without a word a RESP connection is asked whether it still is one.</summary>
    public TimeSpan IdlePing { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>After how long without an answer to anything a RESP connection is given up.</summary>
    public TimeSpan SilenceLimit { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>How old the knowledge of who leads what may be before it is asked for anew, in the background. What answers say counts at once.</summary>
    public TimeSpan RouteRefresh { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Attempts after the first, within the <see cref="Timeout"/>. RESP.</summary>
    public int MaxRetries { get; init; } = int.MaxValue;

    /// <summary>The circuit breaker of a node opens when so large a part of the attempts to connect to it has failed. RESP.</summary>
    public double CircuitFailureRatio { get; init; } = 0.5;

    /// <summary>Attempts to connect below which the circuit breaker does not open. RESP.</summary>
    public int CircuitMinimumThroughput { get; init; } = 2;

    /// <summary>Over how long attempts to connect are counted. RESP.</summary>
    public TimeSpan CircuitSampling { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Told, rarely, what somebody who runs the program may want to know, in a sentence; null = nobody is told.</summary>
    public Action<string>? Diagnostics { get; init; }

    /// <summary>How long one node may take over RESP: an attempt that is safe to repeat elsewhere should not use up all the time.</summary>
    internal TimeSpan RespAttemptTimeout => AttemptTimeout ?? TimeSpan.FromSeconds(2);

    /// <summary>Throws when the options contradict each other.</summary>
    public void Validate()
    {
        Positive(Timeout, nameof(Timeout));
        Positive(ConnectTimeout, nameof(ConnectTimeout));
        Positive(FirstRetryDelay, nameof(FirstRetryDelay));
        Positive(IdlePing, nameof(IdlePing));
        Positive(SilenceLimit, nameof(SilenceLimit));
        Positive(RouteRefresh, nameof(RouteRefresh));
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(ConnectionsPerNode);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(LinksPerNode);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(MaxInFlightPerLink);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(MaxRetries);
        ArgumentOutOfRangeException.ThrowIfLessThan(CircuitMinimumThroughput, 2);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(CircuitFailureRatio);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(CircuitFailureRatio, 1);
        if (CircuitSampling < TimeSpan.FromMilliseconds(500))
        {
            throw new ArgumentException("CircuitSampling must be at least 500 ms.");
        }

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

/// <summary>How a client speaks to nodes.</summary>
public enum ClientProtocol
{
    /// <summary>RESP to the leaders; HTTP where the cluster serves no RESP.</summary>
    Auto,

    /// <summary>HTTP only, to the given addresses. Without sessions.</summary>
    Http,
}
