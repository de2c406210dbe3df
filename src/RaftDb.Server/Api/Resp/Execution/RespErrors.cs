using RaftDb.Server.Ranges;
using RaftDb.Storage.StateMachines.Commands;

namespace RaftDb.Server.Api.Resp.Execution;

/// <summary>Errors as this interface says them: a kind in capitals, then words for people.</summary>
internal static class RespErrors
{
    public const string Syntax = "ERR syntax error";
    public const string NotAnInteger = "ERR value is not an integer or out of range";
    public const string Overflow = "ERR increment or decrement would overflow";
    public const string CrossRange =
        "CROSSRANGE The keys lie in more than one range; this command is atomic and so stays within one. See /v1/ranges for the borders.";

    /// <summary>Too few arguments, or too many.</summary>
    public static string Arity(string command) => $"ERR wrong number of arguments for '{command.ToLowerInvariant()}' command";

    /// <summary>A subcommand that does not exist, or has other arguments.</summary>
    public static string Subcommand(string command, ReadOnlySpan<byte> subcommand) =>
        $"ERR unknown subcommand or wrong number of arguments for '{System.Text.Encoding.UTF8.GetString(subcommand[..Math.Min(subcommand.Length, 64)])}' of {command}";

    /// <summary>The text of an error of the node's.</summary>
    public static string Text(RequestError error) => $"{Kind(error.Code)} {error.Detail}{Facts(error)}";

    /// <summary>The text for a condition that did not hold.</summary>
    public static string ConditionFailed(in FailedCondition failed) => failed.Version == 0
        ? "CONDITIONFAILED The key is absent. [version=0 index=0]"
        : $"CONDITIONFAILED The key's version is {failed.Version}, last changed by index {failed.Index}. [version={failed.Version} index={failed.Index}]";

    /// <summary>The text for an item of a batch that was refused.</summary>
    public static string? Text(in ItemResult item) => item.Status switch
    {
        CommandStatus.Rejected => Rejected(item.Detail),
        CommandStatus.SessionExpired => $"SESSIONEXPIRED {item.Detail}. Open a new session.",
        CommandStatus.SequenceReused => $"ERR {item.Detail}",
        CommandStatus.SessionLimit => $"OVERLOADED {item.Detail}. [retry_after_ms=100]",
        _ => null,
    };

    /// <summary>The text for an operation that the state machine rejected.</summary>
    public static string Rejected(string? detail) => detail switch
    {
        { } text when text.EndsWith(Rejections.NotANumber, StringComparison.Ordinal) => NotAnInteger,
        { } text when text.EndsWith(Rejections.Overflow, StringComparison.Ordinal) => Overflow,
        _ => $"ERR {detail}",
    };

    /// <summary>The text for what must not be proposed.</summary>
    public static string Text(CommandError error) => $"{(error.IsTooLarge ? "TOOLARGE" : "ERR")} {error.ToString().TrimStart(':', ' ')}";

    /// <summary>What a program may want to know, behind what is for people.</summary>
    private static string Facts(RequestError error)
    {
        List<string> facts = [];
        Add("leader", error.Leader?.Value);
        Add("version", error.Version);
        Add("index", error.Index);
        Add("staleness_ms", (ulong?)error.Staleness?.TotalMilliseconds);
        Add("retry_after_ms", (ulong?)error.RetryAfter?.TotalMilliseconds);
        return facts.Count == 0 ? "" : $" [{string.Join(' ', facts)}]";

        void Add(string name, ulong? number)
        {
            if (number is { } value)
            {
                facts.Add($"{name}={value}");
            }
        }
    }

    private static string Kind(ErrorCode code) => code switch
    {
        ErrorCode.ConditionFailed => "CONDITIONFAILED",
        ErrorCode.NotFound => "NOTFOUND",
        ErrorCode.NotLeader => "NOTLEADER",
        ErrorCode.RangeChanged => "RANGECHANGED",
        ErrorCode.CrossRange => "CROSSRANGE",
        ErrorCode.Compacted => "COMPACTED",
        ErrorCode.TooStale => "TOOSTALE",
        ErrorCode.Unavailable => "UNAVAILABLE",
        ErrorCode.OutcomeUnknown => "UNKNOWN",
        ErrorCode.Overloaded => "OVERLOADED",
        ErrorCode.SessionExpired => "SESSIONEXPIRED",
        ErrorCode.TooLarge => "TOOLARGE",
        ErrorCode.NoSpace => "NOSPACE",
        ErrorCode.Unauthenticated => "NOAUTH",
        ErrorCode.PermissionDenied => "NOPERM",
        ErrorCode.Internal => "INTERNAL",
        _ => "ERR",
    };
}
