using Microsoft.AspNetCore.Http;
using RaftDb.Server.Ranges;

namespace RaftDb.Server.Api;

/// <summary>Takes a request for a key to its method.</summary>
internal sealed class KeyRoutes
{
    private readonly ApiEdge _edge;
    private readonly ApiHandler _get;
    private readonly ApiHandler _put;
    private readonly ApiHandler _delete;

    public KeyRoutes(ApiEdge edge, KeyEndpoint endpoint)
    {
        _edge = edge;
        _get = endpoint.GetAsync;
        _put = endpoint.PutAsync;
        _delete = endpoint.DeleteAsync;
    }

    public Task HandleAsync(HttpContext context)
    {
        string method = context.Request.Method;
        return HttpMethods.IsGet(method) ? _edge.RunAsync(context, "get", _get)
            : HttpMethods.IsPut(method) ? _edge.RunAsync(context, "put", _put)
            : HttpMethods.IsDelete(method) ? _edge.RunAsync(context, "delete", _delete)
            : _edge.RunAsync(context, "other", RefuseAsync);
    }

    private static ValueTask<ErrorCode?> RefuseAsync(HttpContext context)
    {
        context.Response.Headers.Allow = KeyEndpoint.Methods;
        return RefusedByRouting.MethodAsync(context, KeyEndpoint.Methods);
    }
}
