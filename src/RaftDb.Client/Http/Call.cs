using System.Diagnostics;

namespace RaftDb.Client.Http;

/// <summary>The state of one call across its attempts. Used by one attempt at a time.</summary>
internal sealed class Call(RequestSpec request, NodeCircuit[] nodes, int preferred, long deadline, CancellationToken caller)
{
    private int _next = preferred;
    private int _triedInRound;
    private int _pauses;

    public RequestSpec Request { get; } = request;

    /// <summary>The caller's own token, to tell its cancellation from the deadline.</summary>
    public CancellationToken Caller { get; } = caller;

    public RaftDbException? LastError { get; private set; }

    /// <summary>Whether an attempt of a write ended without anyone knowing whether it was done.</summary>
    public bool MayBeDone { get; private set; }

    public TimeSpan Remaining => Stopwatch.GetElapsedTime(Stopwatch.GetTimestamp(), deadline);

    /// <summary>The node for this attempt: the next one whose circuit is closed, or just the next one when all are open.</summary>
    public (int Index, bool AllOpen) NextNode()
    {
        for (int step = 0; step < nodes.Length; step++)
        {
            int index = (_next + step) % nodes.Length;
            if (!nodes[index].IsOpen)
            {
                _triedInRound += step + 1;
                _next = (index + 1) % nodes.Length;
                return (index, false);
            }
        }

        int any = _next % nodes.Length;
        _triedInRound++;
        _next = (any + 1) % nodes.Length;
        return (any, true);
    }

    public Attempt Remember(Attempt attempt)
    {
        LastError = attempt.Error ?? LastError;
        MayBeDone |= attempt.OutcomeUnknown;
        if (attempt.Retry == Retry.Later)
        {
            // The node is well, the cluster is not: the same node may be asked again.
            _next = (_next + nodes.Length - 1) % nodes.Length;
        }

        return attempt;
    }

    /// <summary>None while another node is left to try; then exponential, with jitter so that clients don't come back in step.</summary>
    public TimeSpan NextDelay(Attempt failed, RaftDbClientOptions options)
    {
        if (failed.Retry == Retry.Elsewhere && Request.Only is null && _triedInRound < nodes.Length)
        {
            return TimeSpan.Zero;
        }

        _triedInRound = 0;
        double exponential = options.FirstRetryDelay.TotalMilliseconds * Math.Pow(2, Math.Min(_pauses, 16));
        _pauses++;
        TimeSpan delay = TimeSpan.FromMilliseconds(
            Math.Min(exponential, options.LongestRetryDelay.TotalMilliseconds) * (0.5 + Random.Shared.NextDouble()));
        return failed.Error?.RetryAfter is { } asked && asked > delay ? asked : delay;
    }
}
