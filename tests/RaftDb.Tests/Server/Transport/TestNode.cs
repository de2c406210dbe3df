using System.Collections.Concurrent;
using System.Net.Sockets;
using RaftDb.Raft;
using RaftDb.Raft.Messages;
using RaftDb.Server.Bootstrap;
using RaftDb.Server.Transport;
using RaftDb.Storage;

namespace RaftDb.Tests.Server.Transport;

/// <summary>A listener and a transport on loopback, with what they reported.</summary>
internal sealed class TestNode : IAsyncDisposable
{
    private readonly ConcurrentQueue<Socket> _sockets = new();

    private TestNode(PeerListener listener, NodeIdentity identity, PeerTransportOptions options, ListLog log)
    {
        Listener = listener;
        Identity = identity;
        Log = log;
        options = options with { StreamFactory = Watch(options.StreamFactory) };
        Transport = new(options, identity, new($"http-{identity.Node}", $"resp-{identity.Node}", "zone", "3.35.5"), listener, new HybridClock(), log);
    }

    public PeerListener Listener { get; }

    public NodeIdentity Identity { get; }

    public PeerTransport Transport { get; }

    public RecordingHandler Handler { get; } = new();

    public ListLog Log { get; }

    public NodeId Id => Identity.Node;

    /// <summary>The sockets that this side dialled and that are still open.</summary>
    public IReadOnlyList<Socket> OpenDialled => [.. _sockets.Where(socket => socket.Connected)];

    public static string Address(PeerListener listener) => $"127.0.0.1:{listener.EndPoint.Port}";

    /// <summary>Listeners for so many nodes, and the identities of a cluster of them.</summary>
    public static async Task<List<(PeerListener Listener, NodeIdentity Identity, ListLog Log)>> ListenAsync(int nodes, PeerTransportOptions options)
    {
        List<(PeerListener, ListLog)> listeners = [];
        for (var i = 0; i < nodes; i++)
        {
            ListLog log = new();
            listeners.Add((await PeerListener.BindAsync("127.0.0.1:0", options, log), log));
        }

        List<ClusterMember> members = [.. listeners.Select((l, i) => new ClusterMember(new((ulong)i + 1), Address(l.Item1), Guid.NewGuid()))];
        var cluster = Guid.NewGuid();
        return [.. listeners.Select((l, i) => (l.Item1, IdentityOf(cluster, members, i), l.Item2))];
    }

    public static NodeIdentity IdentityOf(Guid cluster, IReadOnlyList<ClusterMember> members, int index) => new()
    {
        Cluster = cluster,
        Node = members[index].Node,
        Store = members[index].Store,
        Members = members,
        SplitKeys = [],
        ReplicationFactor = 3,
        AgreementHash = new byte[32],
    };

    public static TestNode Start(PeerListener listener, NodeIdentity identity, PeerTransportOptions options, ListLog? log = null)
    {
        TestNode node = new(listener, identity, options, log ?? new());
        node.Transport.Start(node.Handler);
        return node;
    }

    /// <summary>Whole nodes, connected to each other.</summary>
    public static async Task<List<TestNode>> ClusterAsync(int nodes, PeerTransportOptions options)
    {
        List<TestNode> started = [.. (await ListenAsync(nodes, options)).Select(l => Start(l.Listener, l.Identity, options, l.Log))];
        await ConnectedAsync(started);
        return started;
    }

    /// <summary>Two nodes with one connection, dialled by the first: the second has dialled in vain and waits, so no other connection is on its way.</summary>
    public static async Task<List<TestNode>> PairAsync(PeerTransportOptions options)
    {
        var made = await ListenAsync(2, options);
        var patient = options with { MinRedialDelay = TimeSpan.FromMinutes(5), MaxRedialDelay = TimeSpan.FromMinutes(5) };
        var second = Start(made[1].Listener, made[1].Identity, patient, made[1].Log);
        await Until.TrueAsync(() => second.PeerOf(1).Problem!.Contains("is starting"), "the first dial is refused");
        List<TestNode> pair = [Start(made[0].Listener, made[0].Identity, options, made[0].Log), second];
        await ConnectedAsync(pair);
        return pair;
    }

    public static Task ConnectedAsync(IReadOnlyList<TestNode> nodes) => Until.TrueAsync(
        () => nodes.All(node => node.Transport.Peers.All(peer => peer.Connected)), "every node connected to every other");

    public static RangeMessage Message(ulong number) =>
        new(new RangeId(2), new Heartbeat(new ReplicaId(1), new ReplicaId(2), new Term(1), new LogIndex(number), number, false));

    public PeerState PeerOf(ulong node) => Transport.Peers.First(peer => peer.Node.Value == node);

    /// <summary>Everything goes at once, the port first, as when the process is killed.</summary>
    public async Task KillAsync()
    {
        await Listener.DisposeAsync();
        await Transport.CrashAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await Transport.DisposeAsync();
        await Listener.DisposeAsync();
    }

    private Func<Socket, bool, CancellationToken, ValueTask<Stream>> Watch(Func<Socket, bool, CancellationToken, ValueTask<Stream>> inner) =>
        (socket, dialled, cancel) =>
        {
            _sockets.Enqueue(socket);
            return inner(socket, dialled, cancel);
        };
}
