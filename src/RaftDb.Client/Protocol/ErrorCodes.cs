namespace RaftDb.Client.Protocol;

/// <summary>The values of <c>code</c> in a problem document: few, and the same on every interface.</summary>
public static class ErrorCodes
{
    /// <summary>The key, range, node or path does not exist (404).</summary>
    public const string NotFound = "not_found";

    /// <summary>A condition did not hold (412); the problem carries the present version and index.</summary>
    public const string ConditionFailed = "condition_failed";

    /// <summary>This node does not lead the range and could not forward (503); the problem may name the leader.</summary>
    public const string NotLeader = "not_leader";

    /// <summary>The range was split or merged since (421).</summary>
    public const string RangeChanged = "range_changed";

    /// <summary>The keys of one transaction lie in several ranges (409).</summary>
    public const string CrossRange = "cross_range";

    /// <summary>The log position asked for is no longer retained (410).</summary>
    public const string Compacted = "compacted";

    /// <summary>No replica could honour the staleness bound in time (503).</summary>
    public const string TooStale = "too_stale";

    /// <summary>No quorum within the deadline; nothing was done (503).</summary>
    public const string Unavailable = "unavailable";

    /// <summary>The write may or may not take effect (504). Not safe to retry blindly.</summary>
    public const string OutcomeUnknown = "outcome_unknown";

    /// <summary>Refused at once because too much is under way (429, with Retry-After).</summary>
    public const string Overloaded = "overloaded";

    /// <summary>The client session is unknown or has expired (409).</summary>
    public const string SessionExpired = "session_expired";

    /// <summary>The request is wrong; the detail says what and why (400).</summary>
    public const string InvalidArgument = "invalid_argument";

    /// <summary>A key, value or request is over its limit (413).</summary>
    public const string TooLarge = "too_large";

    /// <summary>The disk is full; reads go on (507).</summary>
    public const string NoSpace = "no_space";

    /// <summary>Who asks is not known (401).</summary>
    public const string Unauthenticated = "unauthenticated";

    /// <summary>Who asks may not (403).</summary>
    public const string PermissionDenied = "permission_denied";

    /// <summary>A fault of the node; its diagnostics say more (500).</summary>
    public const string Internal = "internal";
}
