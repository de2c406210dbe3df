using System.Text;
using System.Text.Json;
using RaftDb.Client.Protocol;
using RaftDb.Server.Ranges;

namespace RaftDb.Server.Api;

/// <summary>Takes members out of JSON objects one kind at a time, and remembers the first thing that is wrong with its place, like <c>then[2].put.key</c>.</summary>
internal sealed class JsonMembers(ApiOptions options)
{
    /// <summary>The first thing that is wrong.</summary>
    public RequestError? Error { get; private set; }

    /// <summary>Remembers what is wrong; false.</summary>
    public bool Fail(JsonPlace place, string why) => Fail(Refusal.Invalid($"{place} {why}."));

    /// <summary>Remembers what is wrong; false.</summary>
    public bool Fail(RequestError error)
    {
        Error ??= error;
        return false;
    }

    /// <summary>A key, which is required.</summary>
    public bool TryKey(JsonElement value, JsonPlace place, out ReadOnlyMemory<byte> key) =>
        TryBytes(value, place, out key)
        && (Refusal.OfKey(key.Length, options, place.ToString()) is not { } error || Fail(error));

    /// <summary>A bound of an interval; empty is unbounded.</summary>
    public bool TryBound(JsonElement value, JsonPlace place, out ReadOnlyMemory<byte> key) =>
        value.ValueKind == JsonValueKind.Null
            ? Unbounded(out key)
            : TryBytes(value, place, out key)
                && (key.Length <= options.MaxKeyBytes || Fail(Refusal.TooLarge($"{place} has {key.Length} bytes: a key has at most {options.MaxKeyBytes}.")));

    /// <summary>A value.</summary>
    public bool TryValue(JsonElement value, JsonPlace place, out ReadOnlyMemory<byte> bytes) =>
        TryBytes(value, place, out bytes)
        && (Refusal.OfValue(bytes.Length, options, place.ToString()) is not { } error || Fail(error));

    /// <summary>A whole number that is not negative.</summary>
    public bool TryNumber(JsonElement value, JsonPlace place, out ulong number)
    {
        number = 0;
        return (value.ValueKind == JsonValueKind.Number && value.TryGetUInt64(out number)) || Fail(place, "must be a whole number, 0 or more");
    }

    /// <summary>A whole number.</summary>
    public bool TrySigned(JsonElement value, JsonPlace place, out long number)
    {
        number = 0;
        return (value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out number)) || Fail(place, "must be a whole number of 64 bits");
    }

    /// <summary>A duration, as in <see cref="Durations"/>, of at least a millisecond.</summary>
    public bool TryDuration(JsonElement value, JsonPlace place, out long milliseconds)
    {
        bool isDuration = Durations.TryParse(
            value.ValueKind == JsonValueKind.String ? value.GetString() : null, out TimeSpan duration);
        milliseconds = (long)duration.TotalMilliseconds;
        return (isDuration && milliseconds > 0) || Fail(place, $"must be {Durations.Expected}, and more than nothing");
    }

    private static bool Unbounded(out ReadOnlyMemory<byte> key)
    {
        key = default;
        return true;
    }

    private bool TryBytes(JsonElement value, JsonPlace place, out ReadOnlyMemory<byte> bytes)
    {
        bytes = default;
        if (value.ValueKind == JsonValueKind.String)
        {
            return TryText(value, place, out bytes);
        }

        if (value.ValueKind == JsonValueKind.Object
            && value.GetPropertyCount() == 1
            && value.TryGetProperty("base64"u8, out JsonElement base64)
            && base64.ValueKind == JsonValueKind.String
            && base64.TryGetBytesFromBase64(out byte[]? decoded))
        {
            bytes = decoded;
            return true;
        }

        return Fail(place, "must be a string or {\"base64\":\"…\"} with valid base64");
    }

    private bool TryText(JsonElement value, JsonPlace place, out ReadOnlyMemory<byte> bytes)
    {
        try
        {
            bytes = Encoding.UTF8.GetBytes(value.GetString()!);
            return true;
        }
        catch (InvalidOperationException)
        {
            // Half a surrogate pair, or bytes that are no UTF-8: JSON's grammar allows what text does not.
            bytes = default;
            return Fail(place, "is not valid Unicode text: give other bytes as {\"base64\":\"…\"}");
        }
    }
}

/// <summary>A place in a request's JSON.</summary>
/// <param name="List">The list, like <c>then</c>.</param>
/// <param name="Ordinal">The place in it; -1 = the list itself.</param>
/// <param name="Kind">The operation there.</param>
/// <param name="Member">The member of that.</param>
internal readonly record struct JsonPlace(string List, int Ordinal = -1, string? Kind = null, string? Member = null)
{
    public override string ToString() =>
        (Ordinal < 0 ? List : $"{List}[{Ordinal}]") + (Kind is null ? "" : $".{Kind}") + (Member is null ? "" : $".{Member}");
}
