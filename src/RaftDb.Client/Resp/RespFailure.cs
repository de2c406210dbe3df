using System.Globalization;

namespace RaftDb.Client.Resp;

/// <summary>Turns an error answer into an exception: its first word is the kind, and what a program may want to know stands in brackets at the end.</summary>
internal static class RespFailure
{
    public static RaftDbException Read(string text)
    {
        int blank = text.IndexOf(' ', StringComparison.Ordinal);
        string word = blank < 0 ? text : text[..blank];
        string detail = blank < 0 ? text : text[(blank + 1)..];
        int facts = detail.EndsWith(']') ? detail.LastIndexOf('[') : -1;
        string numbers = facts < 0 ? "" : detail[(facts + 1)..^1];
        return new(CodeOf(word), facts < 0 ? detail : detail[..facts].TrimEnd())
        {
            Version = Fact(numbers, "version"),
            Index = Fact(numbers, "index"),
            Leader = Fact(numbers, "leader"),
            RetryAfter = Fact(numbers, "retry_after_ms") is { } milliseconds ? TimeSpan.FromMilliseconds(milliseconds) : null,
        };
    }

    private static string CodeOf(string word) => word switch
    {
        "ERR" or "NOPROTO" or "EXECABORT" => RaftDbErrorCodes.InvalidArgument,
        "NOTFOUND" => RaftDbErrorCodes.NotFound,
        "CONDITIONFAILED" => RaftDbErrorCodes.ConditionFailed,
        "NOTLEADER" => RaftDbErrorCodes.NotLeader,
        "RANGECHANGED" => RaftDbErrorCodes.RangeChanged,
        "CROSSRANGE" => RaftDbErrorCodes.CrossRange,
        "COMPACTED" => RaftDbErrorCodes.Compacted,
        "TOOSTALE" => RaftDbErrorCodes.TooStale,
        "UNAVAILABLE" => RaftDbErrorCodes.Unavailable,
        "UNKNOWN" => RaftDbErrorCodes.OutcomeUnknown,
        "OVERLOADED" => RaftDbErrorCodes.Overloaded,
        "SESSIONEXPIRED" => RaftDbErrorCodes.SessionExpired,
        "TOOLARGE" => RaftDbErrorCodes.TooLarge,
        "NOSPACE" => RaftDbErrorCodes.NoSpace,
        "NOAUTH" => RaftDbErrorCodes.Unauthenticated,
        "NOPERM" => RaftDbErrorCodes.PermissionDenied,
        _ => RaftDbErrorCodes.Internal,
    };

    private static ulong? Fact(string numbers, string name)
    {
        foreach (Range part in numbers.AsSpan().Split(' '))
        {
            ReadOnlySpan<char> fact = numbers.AsSpan(part);
            if (fact.StartsWith(name, StringComparison.Ordinal) && fact.Length > name.Length && fact[name.Length] == '='
                && ulong.TryParse(fact[(name.Length + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out ulong number))
            {
                return number;
            }
        }

        return null;
    }
}
