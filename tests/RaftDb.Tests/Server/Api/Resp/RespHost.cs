using System.Collections.Concurrent;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using RaftDb.Server.Api.Resp;
using RaftDb.Server.Ids;
using RaftDb.Server.Metrics;
using RaftDb.Server.Options;
using RaftDb.Storage.Disk;

namespace RaftDb.Tests.Server.Api.Resp;

/// <summary>The RESP interface on a real Kestrel, over a router in memory.</summary>
internal sealed class RespHost : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly NodeMetrics _node = new(new(1));
    private readonly string _ids = Directory.CreateTempSubdirectory("raftdb-resp-").FullName;

    private RespHost(FakeRouter router, RespSection options)
    {
        Router = router;
        Services = new(
            options,
            new(),
            router,
            new FakeNodeView(),
            new UniqueIds(new(1), new IdMark(new PosixDisk(_ids)), TimeProvider.System),
            new RespMetrics(_node.Meter),
            new RespFacts("0.1.0", 1, 6379, () => 3),
            Failures.Enqueue);
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new());
        builder.Logging.ClearProviders().AddProvider(Log);
        builder.Services.AddSingleton(Services);
        builder.WebHost.UseKestrelCore().ConfigureKestrel(
            kestrel => kestrel.Listen(new IPEndPoint(IPAddress.Loopback, 0), listen => listen.UseConnectionHandler<RespConnectionHandler>()));
        _app = builder.Build();
        _app.Run(_ => Task.CompletedTask);
    }

    public FakeRouter Router { get; }

    public RespServices Services { get; }

    public RespMetrics Metrics => Services.Metrics;

    public string Prometheus => _node.Render();

    /// <summary>What the node was told not to survive.</summary>
    public ConcurrentQueue<Exception> Failures { get; } = new();

    /// <summary>What was logged at warning or above.</summary>
    public WarningLog Log { get; } = new();

    public int Port => new Uri(_app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single()).Port;

    public static async Task<RespHost> StartAsync(FakeRouter? router = null, RespSection? options = null)
    {
        RespHost host = new(router ?? new("m"), options ?? new());
        await host._app.StartAsync();
        return host;
    }

    public Task<RespClient> ConnectAsync() => RespClient.ConnectAsync(Port);

    /// <summary>Stops as a node does.</summary>
    public Task StopAsync() => _app.StopAsync();

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        _node.Dispose();
        Directory.Delete(_ids, recursive: true);
    }
}
