using System.Reflection;
using RaftDb.Client.Protocol;
using RaftDb.Server.Options;
using RaftDb.Server.Ranges;
using RaftDb.Server.Ranges.Checks;
using RaftDb.Server.Replicas;
using RaftDb.Server.Transport;
using RaftDb.Storage;
using RaftDb.Storage.StateMachines;

namespace RaftDb.Server.Hosting;

/// <summary>The node and, through it, the cluster, as the interfaces show them.</summary>
internal sealed class NodeView(
    Guid cluster, NodeOptions options, RangeMap map, LocalReplicas replicas, ITransport transport, RangeStatusBuilder ranges, Readiness readiness, ClusterCheck check, ReplicaMoves moves, IStateMachineStore store, string sqlite) : INodeView
{
    public static readonly string Version =
        typeof(NodeView).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "unknown";

    private readonly NodeId _node = new(options.Node.Id);

    public async ValueTask<ClusterStatus> StatusAsync(CancellationToken cancel)
    {
        IReadOnlyList<RangeStatus> all = await ranges.AllAsync(cancel);
        IReadOnlyList<NodeStatus> nodes = Nodes(all);
        return new ClusterStatus(cluster.ToString(), _node.Value, Version, nodes, all, StatusProblems.Find(nodes, all));
    }

    public RouteTable Routes()
    {
        NodeSection own = options.Node;
        List<NodeRoute> nodes = [new(_node, own.AdvertiseHttp ?? own.Http, own.AdvertiseResp ?? own.Resp, true)];
        nodes.AddRange(transport.Peers.Select(peer => new NodeRoute(peer.Node, peer.Http, peer.Resp, peer.Connected)));
        nodes.Sort((a, b) => a.Node.Value.CompareTo(b.Node.Value));
        return new(cluster.ToString(), _node, nodes, [.. map.InKeyOrder.Select(Route)]);
    }

    private RangeRoute Route(RangeDescriptor known)
    {
        // The truth about a range is in its own state, where this node has it.
        Replica? replica = replicas.FindServing(known.Id);
        return replica is null
            ? new(known, null, 0)
            : new(replica.State.Machine.Descriptor, replica.Halted is null ? replica.Leadership.Leader : null, replica.Leadership.Term.Value);
    }

    public string? WhyNotReady() => readiness.WhyNot;

    public async ValueTask<Outcome<StateDigestAnswer>> DigestAsync(RangeId range, CancellationToken cancel)
    {
        if (Local(range, out Replica? replica) is { } refusal)
        {
            return refusal;
        }

        StateHandle state = replica!.State;
        if (!state.TryUse())
        {
            return Replaced(range);
        }

        try
        {
            StateDigest digest = await Task.Run(() => state.Machine.ComputeDigest(cancel), cancel);
            return new StateDigestAnswer(_node, range, digest);
        }
        finally
        {
            state.Release();
        }
    }

    public async ValueTask<Outcome<RangeBackup>> BackupAsync(RangeId range, CancellationToken cancel)
    {
        if (Local(range, out Replica? replica) is { } refusal)
        {
            return refusal;
        }

        return await Task.Run(() => RangeBackup.Make(replica!, store, cancel), cancel) is { } backup ? backup : Replaced(range);
    }

    public async ValueTask<Outcome<CheckDocument>> CheckAsync(RangeId? range, CancellationToken cancel) => await check.CheckAsync(range, cancel);

    public async ValueTask<RequestError?> MoveAsync(RangeId range, NodeId from, NodeId to, TimeSpan within, CancellationToken cancel) =>
        await moves.MoveAsync(range, from, to, within, cancel);

    private static RequestError Replaced(RangeId range) =>
        new(ErrorCode.Unavailable, $"The state of range {range} is being replaced by a snapshot. Retry.");

    private RequestError? Local(RangeId range, out Replica? replica)
    {
        replica = replicas.FindServing(range);
        return replica is not null
            ? null
            : new(
                ErrorCode.NotFound,
                map.Find(range) is null ? $"There is no range {range}. See /v1/ranges." : $"Node {_node} has no replica of range {range}. Ask one of its nodes.");
    }

    private List<NodeStatus> Nodes(IReadOnlyList<RangeStatus> all)
    {
        NodeSection own = options.Node;
        SortedDictionary<ulong, NodeStatus> nodes = new()
        {
            [own.Id] = new(
                own.Id, own.AdvertiseHttp ?? own.Http, own.AdvertiseResp ?? own.Resp, own.AdvertisePeer ?? own.Peer, own.Zone, true, null,
                ReplicasOn(all, own.Id), LeadersOn(all, own.Id), sqlite),
        };
        foreach (PeerState peer in transport.Peers)
        {
            nodes[peer.Node.Value] = new(
                peer.Node.Value, peer.Http, peer.Resp, peer.PeerAddress, peer.Zone is "" ? null : peer.Zone, peer.Connected, peer.Problem,
                ReplicasOn(all, peer.Node.Value), LeadersOn(all, peer.Node.Value), peer.Sqlite);
        }

        return [.. nodes.Values];
    }

    private static int ReplicasOn(IReadOnlyList<RangeStatus> all, ulong node) => all.Count(r => r.Replicas.Any(m => m.Node == node));

    private static int LeadersOn(IReadOnlyList<RangeStatus> all, ulong node) => all.Count(r => r.Leader == node);
}
