namespace RaftDb.Storage.StateMachines.Sessions;

/// <summary>Bounds of sessions that every replica must keep alike: they decide at apply, so they are constants of the format and not options.</summary>
internal static class SessionRules
{
    /// <summary>For how long after an id was minted a range that doesn't know it opens a session under it; an ended session is remembered for as long. So whoever comes with an id
    /// that is not known either never was here, or is refused for the age of the id: neither is executed twice. May grow with a new kind of command only.</summary>
    public const long OpeningMilliseconds = 24L * 3600 * 1000;

    /// <summary>Uses of a session within a second of each other are one: the row is not written for each.</summary>
    public const long UseMilliseconds = 1000;

    /// <summary>How far the acknowledged mark moves before what lies below it is dropped, all at once.</summary>
    public const ulong DropStep = 64;

    /// <summary>Most results that a session keeps in a range: what a client pipelines, with room to spare.</summary>
    public const int MaxResults = 4096;

    /// <summary>Bytes of results at which a session takes no more. 16 MiB: as much as one entry.</summary>
    public const long MaxResultBytes = 16 << 20;

    /// <summary>What a result costs beside its own bytes.</summary>
    public const int ResultOverhead = 48;

    /// <summary>Most open sessions of a range.</summary>
    public const long MaxOpen = 100_000;

    /// <summary>Most ended sessions that a range remembers.</summary>
    public const long MaxEnded = 1_000_000;

    /// <summary>Most ended sessions that a range remembers for ever.</summary>
    public const long MaxEndedForEver = 500_000;

    /// <summary>When an id was minted, if that is to be believed: one from the far future was not.</summary>
    public static long? MintedAt(SessionId session, long now) =>
        session.MintedAt is { } minted && minted <= now + OpeningMilliseconds ? minted : null;
}
