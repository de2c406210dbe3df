using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using RaftDb.Server.Api;

namespace RaftDb.Server.Hosting;

/// <summary>The web server that every node has, before it knows what to serve.</summary>
internal static class WebServer
{
    public static WebApplicationBuilder CreateBuilder(ApiOptions options, ILoggerFactory loggers)
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddSingleton(loggers);
        builder.Services.AddRoutingCore();
        builder.Services.AddSingleton<IHostLifetime, QuietLifetime>();
        builder.WebHost.UseKestrelCore();

        // A request is short work: read and routed where it came in, answered where its outcome became known, without a hop to the thread pool for either.
        builder.Services.Configure<SocketTransportOptions>(sockets => sockets.UnsafePreferInlineScheduling = true);
        HttpApi.Configure(builder, options);
        return builder;
    }
}
