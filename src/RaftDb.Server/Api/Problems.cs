using System.Globalization;
using Microsoft.AspNetCore.Http;
using RaftDb.Client.Protocol;
using RaftDb.Server.Ranges;

namespace RaftDb.Server.Api;

/// <summary>Errors as <c>application/problem+json</c>.</summary>
internal static class Problems
{
    /// <summary>The error's code on every interface.</summary>
    public static string Text(ErrorCode code) => Kind(code).Text;

    /// <summary>The error's HTTP status.</summary>
    public static int Status(ErrorCode code) => Kind(code).Status;

    /// <summary>The error as a document.</summary>
    public static ProblemDocument Document(RequestError error, IReadOnlyList<BatchResult>? results = null)
    {
        (string text, int status, string title) = Kind(error.Code);
        return new()
        {
            Type = "urn:raftdb:problem:" + text,
            Title = title,
            Status = status,
            Detail = error.Detail,
            Code = text,
            Leader = error.Leader?.Value,
            Version = error.Version,
            Index = error.Index,
            StalenessMs = error.Staleness is { } age ? (long)Math.Ceiling(age.TotalMilliseconds) : null,
            Results = results,
        };
    }

    /// <summary>Answers with the error and returns its code. <paramref name="status"/> is given where HTTP knows a better one.</summary>
    public static async ValueTask<ErrorCode?> SendAsync(
        HttpContext context, RequestError error, int? status = null, IReadOnlyList<BatchResult>? results = null)
    {
        ProblemDocument document = Document(error, results);
        if (status is { } other)
        {
            document = document with { Status = other };
        }

        if (error.Code == ErrorCode.Overloaded)
        {
            long seconds = Math.Max(1, (long)Math.Ceiling((error.RetryAfter ?? TimeSpan.Zero).TotalSeconds));
            context.Response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
        }

        await JsonAnswer.SendAsync(context, document, Documents.Json.ProblemDocument, document.Status, JsonAnswer.Problem).ConfigureAwait(false);
        return error.Code;
    }

    private static (string Text, int Status, string Title) Kind(ErrorCode code) => code switch
    {
        ErrorCode.NotFound => (ErrorCodes.NotFound, 404, "Not found"),
        ErrorCode.ConditionFailed => (ErrorCodes.ConditionFailed, 412, "A condition does not hold"),
        ErrorCode.NotLeader => (ErrorCodes.NotLeader, 503, "Another node leads the range"),
        ErrorCode.RangeChanged => (ErrorCodes.RangeChanged, 421, "The range has changed"),
        ErrorCode.CrossRange => (ErrorCodes.CrossRange, 409, "The keys lie in several ranges"),
        ErrorCode.Compacted => (ErrorCodes.Compacted, 410, "No longer retained"),
        ErrorCode.TooStale => (ErrorCodes.TooStale, 503, "No replica is fresh enough"),
        ErrorCode.Unavailable => (ErrorCodes.Unavailable, 503, "No quorum within the deadline"),
        ErrorCode.OutcomeUnknown => (ErrorCodes.OutcomeUnknown, 504, "The write may or may not take effect"),
        ErrorCode.Overloaded => (ErrorCodes.Overloaded, 429, "Too much is under way"),
        ErrorCode.SessionExpired => (ErrorCodes.SessionExpired, 409, "The session has expired"),
        ErrorCode.InvalidArgument => (ErrorCodes.InvalidArgument, 400, "The request is wrong"),
        ErrorCode.TooLarge => (ErrorCodes.TooLarge, 413, "Too large"),
        ErrorCode.NoSpace => (ErrorCodes.NoSpace, 507, "The disk is full"),
        ErrorCode.Unauthenticated => (ErrorCodes.Unauthenticated, 401, "Not authenticated"),
        ErrorCode.PermissionDenied => (ErrorCodes.PermissionDenied, 403, "Not permitted"),
        ErrorCode.Internal => (ErrorCodes.Internal, 500, "A fault of the node"),
        _ => throw new ArgumentOutOfRangeException(nameof(code), code, "An error code without a place here."),
    };
}
