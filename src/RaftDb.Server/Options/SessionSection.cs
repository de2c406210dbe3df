namespace RaftDb.Server.Options;

/// <summary>Sessions: writes that are executed once, however often they are sent.</summary>
internal sealed record SessionSection
{
    /// <summary>How long a session lives without a write, in each range. The leader's option counts. 1 hour: longer than any client retries, and what it keeps goes the same day.</summary>
    public TimeSpan IdleTimeout { get; init; } = TimeSpan.FromHours(1);

    /// <summary>Throws <see cref="ArgumentException"/> naming the option that makes no sense.</summary>
    public SessionSection Validate() =>
        IdleTimeout >= TimeSpan.FromSeconds(2) && IdleTimeout <= TimeSpan.FromDays(365)
            ? this
            : throw new ArgumentException("Option IdleTimeout must be from 2 seconds (a use is noted to the second) to a year.");
}
