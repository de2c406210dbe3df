using RaftDb.Storage.StateMachines.Commands;

namespace RaftDb.Server.Api.Resp.Commands;

/// <summary>How long keys live.</summary>
internal static class Ttl
{
    /// <summary>A positive number of units as milliseconds; false for what is not positive or too long.</summary>
    public static bool TryMilliseconds(long number, long unitMilliseconds, out long milliseconds)
    {
        bool fits = number > 0 && number <= CommandLimits.MaxTtlMilliseconds / unitMilliseconds;
        milliseconds = fits ? number * unitMilliseconds : 0;
        return fits;
    }
}
