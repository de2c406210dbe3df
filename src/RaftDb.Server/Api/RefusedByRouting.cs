using Microsoft.AspNetCore.Http;
using RaftDb.Server.Ranges;

namespace RaftDb.Server.Api;

/// <summary>Unknown paths and methods, answered as problems.</summary>
internal static class RefusedByRouting
{
    /// <summary>Lets routing try, and gives its bare 404 and 405 a body.</summary>
    public static async Task AnswerAsync(HttpContext context, RequestDelegate next, ApiEdge edge)
    {
        await next(context).ConfigureAwait(false);
        HttpResponse response = context.Response;
        if (response.HasStarted || response.ContentLength is not null || response.ContentType is not null)
        {
            return;
        }

        if (response.StatusCode == StatusCodes.Status404NotFound)
        {
            await edge.RunAsync(context, "other", PathAsync).ConfigureAwait(false);
        }
        else if (response.StatusCode == StatusCodes.Status405MethodNotAllowed)
        {
            await edge.RunAsync(context, "other", refused => MethodAsync(refused, refused.Response.Headers.Allow.ToString())).ConfigureAwait(false);
        }
    }

    /// <summary>The path is known, but not with this method.</summary>
    public static ValueTask<ErrorCode?> MethodAsync(HttpContext context, string allowed) =>
        Problems.SendAsync(
            context,
            Refusal.Invalid($"{context.Request.Method} is not possible here: {allowed} is."),
            StatusCodes.Status405MethodNotAllowed);

    private static ValueTask<ErrorCode?> PathAsync(HttpContext context) =>
        Problems.SendAsync(
            context, new(ErrorCode.NotFound, $"There is nothing at {context.Request.Path}: /openapi/v1.json lists what there is."));
}
