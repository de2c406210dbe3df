using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using RaftDb.Cli.Drills;
using RaftDb.Client;
using RaftDb.Server.Hosting.Embedded;

namespace RaftDb.Tests.Server.Hosting.Embedded;

/// <summary>Applications, all in this process, each with a node inside it; together a cluster.</summary>
internal sealed class AppCluster : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly string _directory = Directory.CreateTempSubdirectory("raftdb-apps-").FullName;
    private readonly int[] _ports;
    private readonly List<IHost> _hosts = [];

    private AppCluster(int count) => _ports = LoopbackPorts.Free(3 * count);

    public IReadOnlyList<IHost> Hosts => _hosts;

    public string Servers => string.Join(',', Enumerable.Range(0, _ports.Length / 3).Select(Http));

    public static async Task<AppCluster> StartAsync(int count, Action<HostApplicationBuilder>? configure = null, Action<RaftDbNodeOptions>? node = null)
    {
        AppCluster cluster = new(count);
        for (int i = 0; i < count; i++)
        {
            cluster._hosts.Add(cluster.Build(i, configure, node));
        }

        // Together: a new cluster needs all of its nodes.
        using CancellationTokenSource patience = new(Patience);
        await Task.WhenAll(cluster._hosts.Select(host => host.StartAsync(patience.Token)));
        foreach (IHost host in cluster._hosts)
        {
            await host.Services.GetRequiredService<EmbeddedNode>().WaitUntilReadyAsync(patience.Token);
        }

        return cluster;
    }

    public RaftDbClient Client(int index) => _hosts[index].Services.GetRequiredService<RaftDbClient>();

    public string Http(int index) => $"127.0.0.1:{_ports[3 * index]}";

    public string Resp(int index) => $"127.0.0.1:{_ports[(3 * index) + 1]}";

    public string Peer(int index) => $"127.0.0.1:{_ports[(3 * index) + 2]}";

    public async ValueTask DisposeAsync()
    {
        foreach (IHost host in _hosts)
        {
            await host.StopAsync();
            await ((IAsyncDisposable)host).DisposeAsync();
        }

        Directory.Delete(_directory, recursive: true);
    }

    private IHost Build(int index, Action<HostApplicationBuilder>? configure, Action<RaftDbNodeOptions>? node)
    {
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Logging.SetMinimumLevel(LogLevel.Debug);
        builder.AddRaftDbNode(o =>
        {
            o.Id = (ulong)index + 1;
            o.DataDirectory = Path.Combine(_directory, $"node{index + 1}");
            o.Http = Http(index);
            o.Resp = Resp(index);
            o.Peer = Peer(index);
            for (int i = 0; i < _ports.Length / 3; i++)
            {
                o.Cluster[(ulong)i + 1] = Peer(i);
            }

            node?.Invoke(o);
        });
        configure?.Invoke(builder);
        return builder.Build();
    }
}
