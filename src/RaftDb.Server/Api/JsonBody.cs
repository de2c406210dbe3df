using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using RaftDb.Server.Ranges;

namespace RaftDb.Server.Api;

/// <summary>A JSON request: its body, its query and its headers. Strict: a member given twice, a comment or a trailing comma is refused.</summary>
internal sealed class JsonBody : IDisposable
{
    private static readonly JsonDocumentOptions Strict = new() { MaxDepth = 8, AllowDuplicateProperties = false };

    private readonly JsonDocument _document;

    private JsonBody(JsonDocument document, QueryArguments query, RequestContext context)
    {
        _document = document;
        Query = query;
        Context = context;
    }

    public JsonElement Root => _document.RootElement;

    public QueryArguments Query { get; }

    public RequestContext Context { get; }

    /// <summary>Reads the request, or tells why it is refused.</summary>
    public static async ValueTask<(JsonBody? Body, RequestError? Error)> ReadAsync(HttpContext http, Parameters allowed, ApiOptions options)
    {
        RequestContext context = default;
        if ((ParseQuery(http, allowed, options, out QueryArguments query)
            ?? RequestContext.Parse(http.Request.Headers, options, out context)) is { } refused)
        {
            return (null, refused);
        }

        (byte[]? bytes, RequestError? tooLarge) = await RequestBody.ReadAsync(http, options.MaxJsonBytes, "The body").ConfigureAwait(false);
        if (bytes is null)
        {
            return (null, tooLarge);
        }

        try
        {
            return (new(JsonDocument.Parse(bytes, Strict), query, context), null);
        }
        catch (JsonException exception)
        {
            return (null, Refusal.Invalid($"The body is not the JSON that is expected here: {exception.Message}"));
        }
    }

    public void Dispose() => _document.Dispose();

    private static RequestError? ParseQuery(HttpContext http, Parameters allowed, ApiOptions options, out QueryArguments query) =>
        QueryArguments.Parse(
            RequestTarget.Of(http.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget).Query, allowed, options, out query);
}
