namespace RaftDb.Server.Options;

/// <summary>The comparison of replicas that goes on all the time, in the background.</summary>
internal sealed record CheckSection
{
    /// <summary>Time between the end of one round over all ranges that a node leads and the next; 0 = never. 10 minutes: damage is found while a majority of good copies is likely to be there,
    /// and a small database is not read all day.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>How fast a round reads, per node that leads (its followers read as much). 4 MiB/s: a hundredth of what a disk gives, and a terabyte in three days.</summary>
    public long BytesPerSecond { get; init; } = 4 << 20;

    /// <summary>Throws <see cref="ArgumentException"/> naming the option that makes no sense.</summary>
    public CheckSection Validate()
    {
        if (Interval < TimeSpan.Zero)
        {
            throw new ArgumentException("Option Interval must not be negative.");
        }

        if (BytesPerSecond < 1)
        {
            throw new ArgumentException("Option BytesPerSecond must be positive.");
        }

        return this;
    }
}
