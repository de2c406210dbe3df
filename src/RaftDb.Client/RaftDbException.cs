using System.Net;

namespace RaftDb.Client;

/// <summary>A request that was refused or failed. <see cref="Code"/> says how, the message why and what to do.</summary>
public class RaftDbException : Exception
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

/// <summary>A watch can't go on where it was: what comes next is no longer kept. Read what is there, and watch from then on.</summary>
public sealed class RaftDbCompactedException : RaftDbException
{
    internal RaftDbCompactedException(string message, ulong? firstIndex)
        : base(RaftDbErrorCodes.Compacted, message) => Index = firstIndex;

    /// <summary>The first log index whose changes there are; null when the node did not say.</summary>
    public ulong? FirstIndex => Index;
}

/// <summary>The codes of <see cref="RaftDbException"/>: those of problem documents.</summary>
public static class RaftDbErrorCodes
{
    /// <summary>There is no such thing.</summary>
    public const string NotFound = Protocol.ErrorCodes.NotFound;

    /// <summary>A condition of the write did not hold.</summary>
    public const string ConditionFailed = Protocol.ErrorCodes.ConditionFailed;

    /// <summary>The node asked does not lead the range.</summary>
    public const string NotLeader = Protocol.ErrorCodes.NotLeader;

    /// <summary>The range's bounds changed.</summary>
    public const string RangeChanged = Protocol.ErrorCodes.RangeChanged;

    /// <summary>The keys lie in several ranges.</summary>
    public const string CrossRange = Protocol.ErrorCodes.CrossRange;

    /// <summary>The history asked for is no longer kept.</summary>
    public const string Compacted = Protocol.ErrorCodes.Compacted;

    /// <summary>The replica can't prove to be as fresh as asked.</summary>
    public const string TooStale = Protocol.ErrorCodes.TooStale;

    /// <summary>No quorum, or no node, could be reached in time; the request had no effect.</summary>
    public const string Unavailable = Protocol.ErrorCodes.Unavailable;

    /// <summary>It is not known whether the write was done.</summary>
    public const string OutcomeUnknown = Protocol.ErrorCodes.OutcomeUnknown;

    /// <summary>Too much at once; try again later.</summary>
    public const string Overloaded = Protocol.ErrorCodes.Overloaded;

    /// <summary>The session is unknown or too old.</summary>
    public const string SessionExpired = Protocol.ErrorCodes.SessionExpired;

    /// <summary>The request makes no sense.</summary>
    public const string InvalidArgument = Protocol.ErrorCodes.InvalidArgument;

    /// <summary>A key, value or request over the limit.</summary>
    public const string TooLarge = Protocol.ErrorCodes.TooLarge;

    /// <summary>The node's disk is full.</summary>
    public const string NoSpace = Protocol.ErrorCodes.NoSpace;

    /// <summary>Who asks is not known.</summary>
    public const string Unauthenticated = Protocol.ErrorCodes.Unauthenticated;

    /// <summary>Who asks may not.</summary>
    public const string PermissionDenied = Protocol.ErrorCodes.PermissionDenied;

    /// <summary>A fault of the node.</summary>
    public const string Internal = Protocol.ErrorCodes.Internal;
}
