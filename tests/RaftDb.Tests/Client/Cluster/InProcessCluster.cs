using Microsoft.Extensions.Logging.Abstractions;
using RaftDb.Cli.Drills;
using RaftDb.Cli.Drills.Faults;
using RaftDb.Client;
using RaftDb.Client.Protocol;
using RaftDb.Server.Hosting;
using RaftDb.Server.Options;
using RaftDb.Storage.Binlog;

namespace RaftDb.Tests.Client.Cluster;

/// <summary>Three whole nodes inside the test's process, with a proxy in front of each one's RESP address that can cut connections.</summary>
internal sealed class InProcessCluster : IAsyncDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("raftdb-inprocess-").FullName;
    private readonly List<RaftDbNode> _nodes = [];
    private readonly int[] _ports;

    private InProcessCluster() => _ports = LoopbackPorts.Free(12);

    public List<LinkProxy> Proxies { get; } = [];

    /// <summary>What clients are given.</summary>
    public string Servers => string.Join(',', Enumerable.Range(0, 3).Select(i => $"127.0.0.1:{_ports[4 * i]}"));

    /// <summary>Where a node serves RESP.</summary>
    public int RespPort(int node) => _ports[(4 * (node - 1)) + 1];

    public static async Task<InProcessCluster> StartAsync(string splitKeys)
    {
        InProcessCluster cluster = new();
        try
        {
            await cluster.StartNodesAsync(splitKeys);
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    /// <summary>The ranges with their leaders, once all have one.</summary>
    public static async Task<IReadOnlyList<RangeStatus>> RangesAsync(RaftDbClient db, CancellationToken cancel)
    {
        while (true)
        {
            RangeStatus[] ranges = [.. (await db.StatusAsync(cancel)).Ranges.Where(range => range.Kind == "kv")];
            if (ranges.All(range => range.Leader is not null))
            {
                return ranges;
            }

            await Task.Delay(20, cancel);
        }
    }

    /// <summary>Moves the leadership of each range to the next node.</summary>
    public static async Task TurnLeadersAsync(RaftDbClient db, CancellationToken cancel)
    {
        foreach (RangeStatus range in await RangesAsync(db, cancel))
        {
            try
            {
                await db.TransferAsync(range.Id, (range.Leader!.Value % 3) + 1, cancel);
            }
            catch (RaftDbException busy) when (busy.Code is "unavailable" or "outcome_unknown" or "overloaded")
            {
                // An election was under way: that is a change of leaders too.
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (LinkProxy proxy in Proxies)
        {
            await proxy.DisposeAsync();
        }

        foreach (RaftDbNode node in _nodes)
        {
            await node.DisposeAsync();
        }

        Directory.Delete(_directory, recursive: true);
    }

    private async Task StartNodesAsync(string splitKeys)
    {
        string peers = string.Join(',', Enumerable.Range(0, 3).Select(i => $"{i + 1}=127.0.0.1:{_ports[(4 * i) + 2]}"));
        _nodes.AddRange(await Task.WhenAll(Enumerable.Range(0, 3).Select(i => RaftDbNode.StartAsync(Options(i, peers, splitKeys), NullLoggerFactory.Instance, CancellationToken.None))));
        for (int i = 0; i < 3; i++)
        {
            Proxies.Add(new(new("127.0.0.1", _ports[(4 * i) + 3]), new("127.0.0.1", _ports[(4 * i) + 1]), new(0, (ulong)i + 1), new((ulong)i + 1, 0)));
        }

        await Task.WhenAll(_nodes.Select(node => node.CaughtUp));
    }

    private NodeOptions Options(int i, string peers, string splitKeys) => new()
    {
        Node = new()
        {
            Id = (ulong)i + 1,
            Data = Path.Combine(_directory, $"node{i + 1}"),
            Http = $"127.0.0.1:{_ports[4 * i]}",
            Resp = $"127.0.0.1:{_ports[(4 * i) + 1]}",
            AdvertiseResp = $"127.0.0.1:{_ports[(4 * i) + 3]}",
            Peer = $"127.0.0.1:{_ports[(4 * i) + 2]}",
            Cluster = peers,
            SplitKeys = splitKeys,
        },
        Binlog = new() { Durability = Durability.Os, SegmentBytes = 4 << 20 },
    };
}
