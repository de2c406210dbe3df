using RaftDb.Server.Ranges;

namespace RaftDb.Server.Api;

/// <summary>The refusals that the interface makes by itself.</summary>
internal static class Refusal
{
    /// <summary>The request is wrong.</summary>
    public static RequestError Invalid(string detail) => new(ErrorCode.InvalidArgument, detail);

    /// <summary>Something is over its limit.</summary>
    public static RequestError TooLarge(string detail) => new(ErrorCode.TooLarge, detail);

    /// <summary>Null when the key is fine.</summary>
    public static RequestError? OfKey(int length, ApiOptions options, string what) =>
        length == 0 ? Invalid($"{what} is empty: a key has 1 to {options.MaxKeyBytes} bytes.")
        : length > options.MaxKeyBytes ? TooLarge($"{what} has {length} bytes: a key has 1 to {options.MaxKeyBytes} bytes.")
        : null;

    /// <summary>Null when the value is fine.</summary>
    public static RequestError? OfValue(long length, ApiOptions options, string what) =>
        length > options.MaxValueBytes ? TooLarge($"{what} has {length} bytes: a value has at most {options.MaxValueBytes}.") : null;
}
