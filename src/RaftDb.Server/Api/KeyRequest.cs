using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using RaftDb.Server.Ranges;

namespace RaftDb.Server.Api;

/// <summary>A request for one key, parsed.</summary>
internal struct KeyRequest
{
    public byte[] Key;
    public QueryArguments Query;
    public RequestContext Context;

    /// <summary>Reads the raw target and the headers; null when they are fine.</summary>
    public static RequestError? Parse(HttpContext http, Parameters allowed, ApiOptions options, out KeyRequest request)
    {
        request = default;
        RequestTarget target = RequestTarget.Of(http.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget);
        if (!target.IsKey)
        {
            return new(ErrorCode.NotFound, $"A key is named by a target that begins with {RequestTarget.KeyPrefix}, as it comes over the wire.");
        }

        if (!PercentDecoder.TryDecode(target.EncodedKey, out byte[]? key))
        {
            return Refusal.Invalid("The key is not percent-encoded correctly: after % come two hex digits, and % itself is %25.");
        }

        if (QueryArguments.Parse(target.Query, allowed | Parameters.Key, options, out request.Query) is { } bad)
        {
            return bad;
        }

        if (request.Query.Key is { } named)
        {
            if (key.Length > 0)
            {
                return Refusal.Invalid("The key is given twice: in the path and as the parameter 'key'.");
            }

            key = named;
        }

        request.Key = key;
        return Refusal.OfKey(key.Length, options, "The key") ?? RequestContext.Parse(http.Request.Headers, options, out request.Context);
    }
}
