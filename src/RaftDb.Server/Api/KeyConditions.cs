using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;
using RaftDb.Server.Ranges;
using RaftDb.Server.Replicas;
using RaftDb.Storage.StateMachines.Commands;

namespace RaftDb.Server.Api;

/// <summary>The conditions of PUT and DELETE: <c>If-Match: "3"</c> (that version) and <c>If-None-Match: *</c> (absent).</summary>
internal static class KeyConditions
{
    /// <summary>Reads the headers; null when they are fine.</summary>
    public static RequestError? Parse(IHeaderDictionary headers, in KeyRequest request, out Condition[] conditions)
    {
        conditions = [];
        StringValues match = headers.IfMatch;
        StringValues noneMatch = headers.IfNoneMatch;
        if (match.Count == 0 && noneMatch.Count == 0)
        {
            return null;
        }

        if (match.Count > 0 && noneMatch.Count > 0)
        {
            return Refusal.Invalid("If-Match and If-None-Match exclude each other.");
        }

        if (request.Query.Ack == AckMode.Leader)
        {
            return Refusal.Invalid("ack=leader is for unconditional writes: whether a condition holds is known only when the entry is applied.");
        }

        if (noneMatch.Count > 0)
        {
            conditions = [new(ConditionKind.Version, request.Key, 0, default)];
            return noneMatch.ToString() == "*" ? null : Refusal.Invalid("If-None-Match must be *, which asks for an absent key.");
        }

        ReadOnlySpan<char> text = match.ToString();
        if (text.Length < 3 || text[0] != '"' || text[^1] != '"'
            || !ulong.TryParse(text[1..^1], NumberStyles.None, CultureInfo.InvariantCulture, out ulong version))
        {
            return Refusal.Invalid("If-Match must be one version in quotes, for example If-Match: \"3\".");
        }

        conditions = [new(ConditionKind.Version, request.Key, version, default)];
        return null;
    }
}
