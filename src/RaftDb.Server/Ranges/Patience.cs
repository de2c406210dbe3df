using RaftDb.Server.Replicas;

namespace RaftDb.Server.Ranges;

/// <summary>How a request waits between its attempts to find a leader: for news where there will be some, and otherwise longer each time, so that many requests that wait for an election
/// leave the processor to it.</summary>
internal struct Patience(TimeProvider time)
{
    /// <summary>The first wait; a leader that was asked a little too early answers after it.</summary>
    private static readonly TimeSpan Shortest = TimeSpan.FromMilliseconds(20);

    /// <summary>A connection that is there again tells nobody: little beside the time that it took.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromMilliseconds(160);

    /// <summary>The own replica tells who leads as soon as it knows, and when it is not used any more.</summary>
    private static readonly TimeSpan WithNews = TimeSpan.FromSeconds(1);

    private TimeSpan _next = Shortest;

    /// <summary>Waits until the own replica knows something newer of its leader than what the attempt was made with, or a while, or until the deadline.</summary>
    /// <param name="known">What was known at the attempt; null where this node has no replica that would learn of a leader.</param>
    /// <param name="left">The time to the deadline.</param>
    /// <param name="cancel">Nobody waits for the answer any more.</param>
    public ValueTask WaitAsync(Leadership? known, TimeSpan left, CancellationToken cancel)
    {
        TimeSpan wait = _next;
        if (known is { Leader: null })
        {
            wait = WithNews;
        }
        else
        {
            _next = _next * 2 < Longest ? _next * 2 : Longest;
        }

        wait = left < wait ? left : wait;

        // Timers count whole milliseconds: to wait for a part of one would be not to wait, again and again until it is over.
        return wait <= TimeSpan.Zero ? default : WaitAsync(known, TimeSpan.FromMilliseconds(Math.Ceiling(wait.TotalMilliseconds)), time, cancel);
    }

    private static async ValueTask WaitAsync(Leadership? known, TimeSpan wait, TimeProvider time, CancellationToken cancel)
    {
        if (known is null)
        {
            await Task.Delay(wait, time, cancel);
        }
        else
        {
            // Without news: look again.
            await known.ChangesWithinAsync(wait, time, cancel);
        }
    }
}
