using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;
using RaftDb.Client.Protocol;
using RaftDb.Server.Ranges;
using RaftDb.Storage.StateMachines.Sessions;

namespace RaftDb.Server.Api;

/// <summary>The headers of an exactly-once write.</summary>
internal static class SessionHeaders
{
    /// <summary>What a session is, for those who sent something else.</summary>
    public const string Expected = "32 hex digits, as POST /v1/sessions answers";

    /// <summary>Reads them; null when they are fine, or not there.</summary>
    public static RequestError? Parse(IHeaderDictionary headers, out SessionWrite? session)
    {
        session = null;
        bool hasSession = headers.TryGetValue(HeaderNames.Session, out StringValues id);
        bool hasSequence = headers.TryGetValue(HeaderNames.Sequence, out StringValues sequence);
        bool hasAcknowledged = headers.TryGetValue(HeaderNames.Acknowledged, out StringValues acknowledged);
        if (!hasSession && !hasSequence && !hasAcknowledged)
        {
            return null;
        }

        if (!hasSession || !hasSequence)
        {
            return Refusal.Invalid($"{HeaderNames.Session} and {HeaderNames.Sequence} go together, and {HeaderNames.Acknowledged} with them only.");
        }

        if (!SessionId.TryParse(id.ToString(), out SessionId parsed))
        {
            return Refusal.Invalid($"{HeaderNames.Session} must be {Expected}.");
        }

        ulong mark = 0;
        if (!TryNumber(sequence, out ulong number) || (hasAcknowledged && !TryNumber(acknowledged, out mark)))
        {
            return Refusal.Invalid($"{HeaderNames.Sequence} and {HeaderNames.Acknowledged} must be whole numbers.");
        }

        SessionWrite write = new(parsed, number, mark);
        if (!write.IsValid)
        {
            return Refusal.Invalid(
                $"{HeaderNames.Sequence} must be from 1 to {SessionWrite.MaxSequence}, and {HeaderNames.Acknowledged}, the lowest sequence still unanswered, not above it.");
        }

        session = write;
        return null;
    }

    private static bool TryNumber(StringValues text, out ulong number) =>
        ulong.TryParse(text.ToString(), NumberStyles.None, CultureInfo.InvariantCulture, out number);
}
