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
    public static string Text(RequestError error) => $"{Kind(error.Code)} {error.Detail}";

    /// <summary>The text for an operation that the state machine rejected.</summary>
    public static string Rejected(string? detail) => detail switch
    {
        { } text when text.EndsWith(Rejections.NotANumber, StringComparison.Ordinal) => NotAnInteger,
        { } text when text.EndsWith(Rejections.Overflow, StringComparison.Ordinal) => Overflow,
        _ => $"ERR {detail}",
    };

    /// <summary>The text for what must not be proposed.</summary>
    public static string Text(CommandError error) => $"{(error.IsTooLarge ? "TOOLARGE" : "ERR")} {error.ToString().TrimStart(':', ' ')}";

    private static string Kind(ErrorCode code) => code switch
    {
        ErrorCode.ConditionFailed => "CONDITIONFAILED",
        ErrorCode.NotLeader or ErrorCode.RangeChanged => "TRYAGAIN",
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
