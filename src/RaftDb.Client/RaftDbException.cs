using System.Net;

namespace RaftDb.Client;

/// <summary>A request that was refused or failed. <see cref="Code"/> says how, the message why and what to do.</summary>
public sealed class RaftDbException : Exception
{
    internal RaftDbException(string code, string message, Exception? inner = null)
        : base(message, inner) => Code = code;

    /// <summary>The kind, as on every interface: one of <see cref="RaftDbErrorCodes"/>.</summary>
    public string Code { get; }

    /// <summary>The HTTP status; null when no node answered.</summary>
    public HttpStatusCode? Status { get; internal init; }

    /// <summary>condition_failed: the key's present version.</summary>
    public ulong? Version { get; internal init; }

    /// <summary>condition_failed: the log index of the key's last change.</summary>
    public ulong? Index { get; internal init; }

    /// <summary>not_leader: the node to ask, where known.</summary>
    public ulong? Leader { get; internal init; }

    /// <summary>overloaded: when to try again.</summary>
    public TimeSpan? RetryAfter { get; internal init; }
}

/// <summary>The codes of <see cref="RaftDbException"/>.</summary>
public static class RaftDbErrorCodes
{
    /// <summary>There is no such thing.</summary>
    public const string NotFound = "not_found";

    /// <summary>A condition of the write did not hold.</summary>
    public const string ConditionFailed = "condition_failed";

    /// <summary>The node asked does not lead the range.</summary>
    public const string NotLeader = "not_leader";

    /// <summary>The range's bounds changed.</summary>
    public const string RangeChanged = "range_changed";

    /// <summary>The keys lie in several ranges.</summary>
    public const string CrossRange = "cross_range";

    /// <summary>The history asked for is no longer kept.</summary>
    public const string Compacted = "compacted";

    /// <summary>The replica can't prove to be as fresh as asked.</summary>
    public const string TooStale = "too_stale";

    /// <summary>No quorum, or no node, could be reached in time; the request had no effect.</summary>
    public const string Unavailable = "unavailable";

    /// <summary>It is not known whether the write was done.</summary>
    public const string OutcomeUnknown = "outcome_unknown";

    /// <summary>Too much at once; try again later.</summary>
    public const string Overloaded = "overloaded";

    /// <summary>The session is unknown or too old.</summary>
    public const string SessionExpired = "session_expired";

    /// <summary>The request makes no sense.</summary>
    public const string InvalidArgument = "invalid_argument";

    /// <summary>A key, value or request over the limit.</summary>
    public const string TooLarge = "too_large";

    /// <summary>The node's disk is full.</summary>
    public const string NoSpace = "no_space";

    /// <summary>Who asks is not known.</summary>
    public const string Unauthenticated = "unauthenticated";

    /// <summary>Who asks may not.</summary>
    public const string PermissionDenied = "permission_denied";

    /// <summary>A fault of the node.</summary>
    public const string Internal = "internal";
}
