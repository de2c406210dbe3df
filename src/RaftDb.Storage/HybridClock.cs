namespace RaftDb.Storage;

/// <summary>Tunables of the hybrid clock.</summary>
public sealed record HybridClockOptions
{
    /// <summary>How far ahead of this node's own clock a remote reading may be. 5 s: far more than NTP leaves between machines, far less than what a
    /// broken clock would otherwise do to every TTL of the cluster.</summary>
    public TimeSpan MaxClockJump { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Throws <see cref="ArgumentException"/> naming the option that makes no sense.</summary>
    public HybridClockOptions Validate() =>
        MaxClockJump >= TimeSpan.Zero ? this : throw new ArgumentException($"Hybrid clock option {nameof(MaxClockJump)} must not be negative.");
}

/// <summary>What became of a remote reading.</summary>
public enum ClockMerge
{
    /// <summary>The clock was at or past it already.</summary>
    AlreadyPast,

    /// <summary>The clock moved forward to it.</summary>
    Advanced,

    /// <summary>It was further ahead than allowed and was not taken over; the sender's clock (or ours) is wrong.</summary>
    Refused,
}

/// <summary>A hybrid logical clock: never behind this node's physical clock, never at or before a reading that it gave or took over. Thread-safe and
/// lock-free. Physical time (milliseconds since 1970) comes through a delegate, so that a simulator can drive it.</summary>
public sealed class HybridClock(Func<long> physicalMilliseconds, HybridClockOptions options)
{
    private readonly long _maxJumpMilliseconds = (long)options.Validate().MaxClockJump.TotalMilliseconds;
    private ulong _last;

    /// <summary>A clock on the machine's own time.</summary>
    public HybridClock()
        : this(static () => DateTimeOffset.UtcNow.ToUnixTimeMilliseconds(), new HybridClockOptions())
    {
    }

    /// <summary>The last reading, without making a new one.</summary>
    public HybridTimestamp Last => new(Volatile.Read(ref _last));

    /// <summary>A new reading, later than every one before.</summary>
    public HybridTimestamp Now()
    {
        ulong physical = Physical().Value;
        while (true)
        {
            ulong last = Volatile.Read(ref _last);

            // A full counter carries over into the milliseconds, which is the order that we want.
            ulong next = Math.Max(physical, last + 1);
            if (Interlocked.CompareExchange(ref _last, next, last) == last)
            {
                return new(next);
            }
        }
    }

    /// <summary>Takes over a remote reading, so that every later reading here is after it, unless it is too far ahead.</summary>
    public ClockMerge Merge(HybridTimestamp remote) =>
        remote.Milliseconds - Physical().Milliseconds > _maxJumpMilliseconds ? ClockMerge.Refused : Advance(remote);

    /// <summary>Takes over a reading from this node's own durable state, however far ahead: the log's time must not go back over a restart.</summary>
    public ClockMerge Restore(HybridTimestamp own) => Advance(own);

    private ClockMerge Advance(HybridTimestamp to)
    {
        while (true)
        {
            ulong last = Volatile.Read(ref _last);
            if (to.Value <= last)
            {
                return ClockMerge.AlreadyPast;
            }

            if (Interlocked.CompareExchange(ref _last, to.Value, last) == last)
            {
                return ClockMerge.Advanced;
            }
        }
    }

    private HybridTimestamp Physical() => HybridTimestamp.Of(Math.Max(0, physicalMilliseconds()), 0);
}
