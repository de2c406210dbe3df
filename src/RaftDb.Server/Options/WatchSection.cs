namespace RaftDb.Server.Options;

/// <summary>Those who follow changes.</summary>
internal sealed record WatchSection
{
    /// <summary>For how long the changes of a range are kept after the last watcher was there, so that it may come back. 10 minutes: longer than a restart or a failover takes. At most
    /// 100,000 entries and 64 MiB are kept.</summary>
    public TimeSpan Retention { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>Throws <see cref="ArgumentException"/> naming the option that makes no sense.</summary>
    public WatchSection Validate() =>
        Retention >= TimeSpan.FromSeconds(10) && Retention <= TimeSpan.FromDays(30)
            ? this
            : throw new ArgumentException("Option Retention must be from 10 seconds to 30 days.");
}
