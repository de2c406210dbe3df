using RaftDb.Storage;

namespace RaftDb.Server.Ranges;

/// <summary>The few kinds of refusal and failure, the same on every interface (their names there are in snake case).</summary>
internal enum ErrorCode : byte
{
    NotFound = 1,
    ConditionFailed,
    NotLeader,
    RangeChanged,
    CrossRange,
    Compacted,
    TooStale,
    Unavailable,
    OutcomeUnknown,
    Overloaded,
    SessionExpired,
    InvalidArgument,
    TooLarge,
    NoSpace,
    Unauthenticated,
    PermissionDenied,
    Internal,
}

/// <summary>A refusal or failure, and what to do about it.</summary>
/// <param name="Code">The kind.</param>
/// <param name="Detail">One or two sentences for people: what happened, what to do.</param>
/// <param name="Leader">not_leader: the node to ask, where known.</param>
/// <param name="Version">condition_failed: the key's present version.</param>
/// <param name="Index">condition_failed: the index of its last change.</param>
/// <param name="Staleness">too_stale: how old this replica's state is; null when it can't be told.</param>
/// <param name="RetryAfter">overloaded: when to try again.</param>
internal sealed record RequestError(
    ErrorCode Code,
    string Detail,
    NodeId? Leader = null,
    ulong? Version = null,
    ulong? Index = null,
    TimeSpan? Staleness = null,
    TimeSpan? RetryAfter = null);

/// <summary>An answer or an error.</summary>
internal readonly record struct Outcome<T>(T? Value, RequestError? Error)
    where T : class
{
    public static implicit operator Outcome<T>(T value) => new(value, null);

    public static implicit operator Outcome<T>(RequestError error) => new(null, error);
}
