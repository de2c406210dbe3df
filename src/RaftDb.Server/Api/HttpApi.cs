using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using RaftDb.Client.Protocol;

namespace RaftDb.Server.Api;

/// <summary>The HTTP interface: decode, route, encode, nothing else.</summary>
internal static class HttpApi
{
    /// <summary>Sets up the web server: limits, the OpenAPI document, and what it logs.</summary>
    public static void Configure(WebApplicationBuilder builder, ApiOptions options)
    {
        options.Validate();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestLineSize = options.MaxRequestLineBytes;

            // Tokens grow with the number of ranges that a client has seen.
            kestrel.Limits.MaxRequestHeadersTotalSize = 64 << 10;
            kestrel.Limits.MaxRequestBodySize = Math.Max(options.MaxJsonBytes, options.MaxValueBytes);
        });

        // A line per request would cost more than the request.
        builder.Logging.AddFilter("Microsoft.AspNetCore", LogLevel.Warning);
        builder.Services.ConfigureHttpJsonOptions(json => json.SerializerOptions.TypeInfoResolverChain.Insert(0, Documents.Json));
        builder.Services.ConfigureHttpJsonOptions(json => json.SerializerOptions.PropertyNamingPolicy = Documents.Json.Options.PropertyNamingPolicy);
        builder.Services.AddRouting();
        builder.Services.AddOpenApi("v1", OpenApiDescription.Describe);
    }

    /// <summary>Adds everything that the node answers over HTTP. The application is the node's own: unknown paths are answered here too.</summary>
    public static void Map(WebApplication app, ApiServices services)
    {
        ApiEdge edge = new(services.Metrics, services.Fail, app.Services.GetRequiredService<ILoggerFactory>().CreateLogger("RaftDb.Api"));
        KeyRoutes keys = new(edge, new(services.Router, services.Options));

        // 1. Keys go by the raw target, before routing sees a path without its dot segments.
        app.Use(next => context => IsKey(context) ? keys.HandleAsync(context) : next(context));

        // 2. What routing refuses is answered as a problem.
        app.Use(next => context => RefusedByRouting.AnswerAsync(context, next, edge));

        // 3. Everything else may take long, and has come on the thread that reads all sockets: it goes on elsewhere.
        app.Use(next => async context =>
        {
            await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
            await next(context).ConfigureAwait(false);
        });
        app.UseRouting();
        ApiRoutes.Map(app, edge, keys, services);
        app.MapOpenApi("/openapi/v1.json");
    }

    private static bool IsKey(HttpContext context) =>
        RequestTarget.Of(context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget).IsKey;
}
