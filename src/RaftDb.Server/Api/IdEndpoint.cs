using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using RaftDb.Client.Protocol;
using RaftDb.Server.Ids;
using RaftDb.Server.Ranges;

namespace RaftDb.Server.Api;

/// <summary>GET /v1/id: unique ids, made by this node alone.</summary>
internal sealed class IdEndpoint(UniqueIds ids, ApiOptions options)
{
    public async ValueTask<ErrorCode?> HandleAsync(HttpContext context)
    {
        RequestTarget target = RequestTarget.Of(context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget);
        long[] taken = [];
        RequestError? error = QueryArguments.Parse(target.Query, Parameters.Count, options, out QueryArguments arguments);
        if (error is null)
        {
            taken = new long[Math.Max(1, arguments.Count)];
            error = ids.TryTake(taken);
        }

        if (error is not null)
        {
            return await Problems.SendAsync(context, error).ConfigureAwait(false);
        }

        // As text: they have more digits than the numbers of JavaScript.
        IdDocument document = new(Array.ConvertAll(taken, id => id.ToString(CultureInfo.InvariantCulture)));
        await JsonAnswer.SendAsync(context, document, Documents.Json.IdDocument).ConfigureAwait(false);
        return null;
    }
}
