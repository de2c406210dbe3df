using RaftDb.Client;

namespace RaftDb.Cli.Drills.Faults;

/// <summary>The network between the nodes of a drill: every connection between two of them goes through a proxy of ours.</summary>
internal sealed class ClusterLinks : IAsyncDisposable
{
    private readonly IReadOnlyList<NodeProcess> _nodes;
    private readonly SortedDictionary<(ulong From, ulong To), Link> _links = [];
    private readonly SortedDictionary<(ulong From, ulong To), LinkProxy> _proxies = [];

    public ClusterLinks(IReadOnlyList<NodeProcess> nodes)
    {
        _nodes = nodes;
        (NodeProcess From, NodeProcess To)[] pairs = [.. nodes.SelectMany(from => nodes.Where(to => to != from).Select(to => (from, to)))];
        foreach ((NodeProcess from, NodeProcess to) in pairs)
        {
            _links.Add((from.Id, to.Id), new(from.Id, to.Id));
        }

        int[] ports = LoopbackPorts.Free(pairs.Length);
        for (int i = 0; i < pairs.Length; i++)
        {
            (ulong from, ulong to) = (pairs[i].From.Id, pairs[i].To.Id);
            _proxies.Add((from, to), new(new Endpoint("127.0.0.1", ports[i]), pairs[i].To.Peer, _links[(from, to)], _links[(to, from)]));
        }
    }

    /// <summary>What one node sends to another.</summary>
    public Link this[ulong from, ulong to] => _links[(from, to)];

    /// <summary>--cluster for one node: itself where it is, the others where its own proxies are.</summary>
    public string ClusterFor(NodeProcess node) =>
        string.Join(',', _nodes.Select(other => $"{other.Id}={(other == node ? node.Peer : _proxies[(node.Id, other.Id)].Address)}"));

    /// <summary>The node is about to end: who dials it must be refused, as without a proxy.</summary>
    public void GoesDown(NodeProcess node) => EachTo(node.Id, proxy => proxy.Refuse());

    /// <summary>The node starts.</summary>
    public void ComesUp(NodeProcess node) => EachTo(node.Id, proxy => proxy.Listen());

    /// <summary>Nobody hears the node, and it hears nobody.</summary>
    public void Isolate(ulong node)
    {
        Mute(node, LinkCondition.Silent);
        Deafen(node, LinkCondition.Silent);
    }

    /// <summary>How others get what the node sends.</summary>
    public void Mute(ulong node, LinkCondition condition) => Each(link => link.From == node, condition);

    /// <summary>How the node gets what others send.</summary>
    public void Deafen(ulong node, LinkCondition condition) => Each(link => link.To == node, condition);

    /// <summary>Both directions between two nodes.</summary>
    public void Between(ulong one, ulong other, LinkCondition condition)
    {
        _links[(one, other)].Set(condition);
        _links[(other, one)].Set(condition);
    }

    /// <summary>Breaks the connections between two nodes.</summary>
    public void Reset(ulong one, ulong other)
    {
        _proxies[(one, other)].Reset();
        _proxies[(other, one)].Reset();
    }

    /// <summary>Breaks the connections between two nodes and takes no new ones until <see cref="Accept"/>.</summary>
    public void Refuse(ulong one, ulong other)
    {
        _proxies[(one, other)].Refuse();
        _proxies[(other, one)].Refuse();
        Reset(one, other);
    }

    /// <summary>Takes connections between two nodes again, where the one that is dialled runs.</summary>
    public void Accept(ulong one, ulong other)
    {
        foreach ((ulong from, ulong to) in ((ulong, ulong)[])[(one, other), (other, one)])
        {
            if (_nodes.Single(node => node.Id == to).Runs)
            {
                _proxies[(from, to)].Listen();
            }
        }
    }

    /// <summary>Everything comes through again. Refused connections are taken by <see cref="Accept"/>.</summary>
    public void Heal() => Each(_ => true, LinkCondition.Good);

    public async ValueTask DisposeAsync()
    {
        foreach (LinkProxy proxy in _proxies.Values)
        {
            await proxy.DisposeAsync();
        }
    }

    private void Each(Func<Link, bool> which, LinkCondition condition)
    {
        foreach (Link link in _links.Values.Where(which))
        {
            link.Set(condition);
        }
    }

    private void EachTo(ulong node, Action<LinkProxy> action)
    {
        foreach (((ulong _, ulong to), LinkProxy proxy) in _proxies)
        {
            if (to == node)
            {
                action(proxy);
            }
        }
    }
}
