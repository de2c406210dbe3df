using System.Collections.Concurrent;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using RaftDb.Server.Api;
using RaftDb.Server.Ids;
using RaftDb.Server.Metrics;
using RaftDb.Storage.Disk;

namespace RaftDb.Tests.Server.Api;

/// <summary>The HTTP interface on a real Kestrel, over a router in memory.</summary>
internal sealed class ApiHost : IAsyncDisposable
{
    private readonly WebApplication _app;

    private ApiHost(WebApplication app, FakeRouter router, FakeNodeView node, NodeMetrics metrics, WarningLog diagnostics)
    {
        _app = app;
        Router = router;
        Node = node;
        Metrics = metrics;
        Log = diagnostics.Lines;
        string address = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();
        Port = new Uri(address).Port;
    }

    public FakeRouter Router { get; }

    public FakeNodeView Node { get; }

    public NodeMetrics Metrics { get; }

    public int Port { get; }

    /// <summary>Where it keeps the mark of its ids.</summary>
    public required string IdDirectory { get; init; }

    public required FakeWatches Watches { get; init; }

    /// <summary>What the node was told not to survive.</summary>
    public required ConcurrentQueue<Exception> NodeFailures { get; init; }

    /// <summary>What was logged.</summary>
    public ConcurrentQueue<string> Log { get; }

    public static async Task<ApiHost> StartAsync(FakeRouter? router = null, ApiOptions? options = null)
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new());
        WarningLog diagnostics = new();
        builder.Logging.ClearProviders().AddProvider(diagnostics);
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        options ??= new();
        HttpApi.Configure(builder, options);
        WebApplication app = builder.Build();
        FakeNodeView node = new();
        NodeMetrics metrics = new(new(1));
        router ??= new();
        string idDirectory = Directory.CreateTempSubdirectory("raftdb-api-").FullName;
        ConcurrentQueue<Exception> failures = new();
        FakeWatches watches = new();
        UniqueIds ids = new(new(1), new IdMark(new PosixDisk(idDirectory)), TimeProvider.System);
        HttpApi.Map(app, new(options, router, node, metrics, failures.Enqueue) { Ids = ids, Watches = watches });
        await app.StartAsync();
        return new(app, router, node, metrics, diagnostics) { NodeFailures = failures, IdDirectory = idDirectory, Watches = watches };
    }

    public Task<RawAnswer> GetAsync(string target, params string[] headers) => RawHttp.SendAsync(Port, "GET", target, null, headers);

    public Task<RawAnswer> PutAsync(string target, string value, params string[] headers) =>
        RawHttp.SendAsync(Port, "PUT", target, Encoding.UTF8.GetBytes(value), headers);

    public Task<RawAnswer> DeleteAsync(string target, params string[] headers) => RawHttp.SendAsync(Port, "DELETE", target, null, headers);

    public Task<RawAnswer> PostAsync(string target, string body, params string[] headers) =>
        RawHttp.SendAsync(Port, "POST", target, Encoding.UTF8.GetBytes(body), headers);

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        Metrics.Dispose();
        Directory.Delete(IdDirectory, recursive: true);
    }
}
