using System.Net;
using System.Text.Json;

namespace RaftDb.Client.Http;

/// <summary>Turns an error answer into an exception, whatever its body is.</summary>
internal static class ProblemReader
{
    public static RaftDbException Read(HttpResponseMessage response, ReadOnlySpan<byte> body, Endpoint endpoint)
    {
        string code = CodeOf(response.StatusCode);
        string? detail = null;
        ulong? version = null, index = null, leader = null;
        try
        {
            Utf8JsonReader reader = new(body);
            if (response.Content.Headers.ContentType?.MediaType?.EndsWith("json", StringComparison.Ordinal) == true
                && JsonElement.TryParseValue(ref reader, out JsonElement? parsed) && parsed is { ValueKind: JsonValueKind.Object } problem)
            {
                code = Text(problem, "code") ?? code;
                detail = Text(problem, "detail") ?? Text(problem, "title");
                version = Number(problem, "version");
                index = Number(problem, "index");
                leader = Number(problem, "leader");
            }
        }
        catch (JsonException)
        {
            detail = "its answer is not the JSON it claims to be";
        }

        return new RaftDbException(code, detail ?? $"{endpoint} answered {(int)response.StatusCode} {response.ReasonPhrase}.")
        {
            Status = response.StatusCode,
            Version = version,
            Index = index,
            Leader = leader,
            RetryAfter = response.Headers.RetryAfter?.Delta,
        };
    }

    private static string CodeOf(HttpStatusCode status) => (int)status switch
    {
        400 or 405 or 415 => RaftDbErrorCodes.InvalidArgument,
        401 => RaftDbErrorCodes.Unauthenticated,
        403 => RaftDbErrorCodes.PermissionDenied,
        404 => RaftDbErrorCodes.NotFound,
        409 => RaftDbErrorCodes.CrossRange,
        410 => RaftDbErrorCodes.Compacted,
        412 => RaftDbErrorCodes.ConditionFailed,
        413 or 414 or 431 => RaftDbErrorCodes.TooLarge,
        421 => RaftDbErrorCodes.RangeChanged,
        429 => RaftDbErrorCodes.Overloaded,
        503 => RaftDbErrorCodes.Unavailable,
        504 => RaftDbErrorCodes.OutcomeUnknown,
        507 => RaftDbErrorCodes.NoSpace,
        _ => RaftDbErrorCodes.Internal,
    };

    private static string? Text(JsonElement element, string name) =>
        element.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static ulong? Number(JsonElement element, string name) =>
        element.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.Number && value.TryGetUInt64(out ulong number)
            ? number
            : null;
}
