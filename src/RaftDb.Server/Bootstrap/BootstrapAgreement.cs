using RaftDb.Storage;

namespace RaftDb.Server.Bootstrap;

/// <summary>Decides, from what the peers say, how this node's bootstrap goes on. Each node polls all others; the smallest id mints the cluster id once all are
/// there and fresh; each then promises (durably) to join it, and joins once everybody has promised. A promise is never taken back, so whoever sees that all have
/// promised may join, and whoever sees one that joined may too. No I/O; not thread-safe.</summary>
internal sealed class BootstrapAgreement(NodeId self, ClusterAgreement agreement, BootstrapState state, Func<Guid> mint)
{
    private readonly Dictionary<NodeId, BootstrapState> _peers = [];

    /// <summary>How far this node is.</summary>
    public BootstrapState State { get; private set; } = state;

    /// <summary>The nodes that have not been heard of.</summary>
    public IEnumerable<NodeId> Missing => agreement.Members.Select(m => m.Node).Where(node => node != self && !_peers.ContainsKey(node));

    /// <summary>A peer does not answer now. What it said before counts no more: it may come back with another disk.</summary>
    public void Lost(NodeId node) => _peers.Remove(node);

    /// <summary>A peer told how far it is. Throws <see cref="BootstrapRefusedException"/> when that can't be reconciled with this node.</summary>
    public void Observe(BootstrapStatus peer, ReadOnlySpan<byte> agreementHash)
    {
        var theirs = peer.State;
        if (State.Phase == BootstrapPhase.Fresh && theirs.Phase == BootstrapPhase.Committed)
        {
            throw new BootstrapRefusedException(
                $"Node {peer.Node} already belongs to cluster {theirs.Cluster}; this data directory is empty: a wiped or new disk can't join under an old id, because it no longer "
                + $"has what node {self} acknowledged. Start node {self} with its old data directory; or remove node {self} from the cluster and join under a new id.");
        }

        if (theirs.Phase != BootstrapPhase.Committed && !agreementHash.SequenceEqual(agreement.Hash.Span))
        {
            throw new BootstrapRefusedException(DifferenceTo(peer));
        }

        if (State.Phase != BootstrapPhase.Fresh)
        {
            RequireSameCluster(peer);
        }
        else if (theirs.Phase == BootstrapPhase.Prepared && theirs.StoreOf(self) != State.Store)
        {
            throw new BootstrapRefusedException(
                $"Node {peer.Node} has promised to join cluster {theirs.Cluster}, in which node {self} is store {theirs.StoreOf(self)}; this is store {State.Store}: the disk of node {self} was "
                + "wiped or replaced during the bootstrap. Give it back; or, when no node has ever served, clear the data directories of all nodes and start anew.");
        }

        _peers[peer.Node] = theirs;
    }

    /// <summary>Takes every step that what is known allows. Each is made durable by <paramref name="persist"/> before it counts: nobody may hear of a promise that a
    /// crash could take back.</summary>
    public void Advance(Action<BootstrapState> persist)
    {
        while (Next() is { } next)
        {
            persist(next);
            State = next;
        }
    }

    private BootstrapState? Next()
    {
        switch (State.Phase)
        {
            case BootstrapPhase.Fresh when _peers.Values.FirstOrDefault(p => p.Phase == BootstrapPhase.Prepared) is { } promised:
                return new(BootstrapPhase.Prepared, State.Store, promised.Cluster, promised.Stores);
            case BootstrapPhase.Fresh when self == agreement.Members[0].Node && !Missing.Any():
                var stores = agreement.Members.Select(m => (m.Node, m.Node == self ? State.Store : _peers[m.Node].Store));
                return new(BootstrapPhase.Prepared, State.Store, mint(), [.. stores]);
            case BootstrapPhase.Prepared when _peers.Values.Any(p => p.Phase == BootstrapPhase.Committed)
                || (!Missing.Any() && _peers.Values.All(p => p.Phase != BootstrapPhase.Fresh)):
                return State with { Phase = BootstrapPhase.Committed };
            default:
                return null;
        }
    }

    private void RequireSameCluster(BootstrapStatus peer)
    {
        var theirs = peer.State;
        if (theirs.Phase != BootstrapPhase.Fresh && theirs.Cluster != State.Cluster)
        {
            throw new BootstrapRefusedException(
                $"Node {peer.Node} belongs to cluster {theirs.Cluster}, and this node {self} has promised to join cluster {State.Cluster}: two bootstraps were mixed. Check --cluster; when no "
                + "node has ever served, clear the data directories of all nodes and start anew.");
        }

        if (State.StoreOf(peer.Node) is { } known && known != theirs.Store)
        {
            throw new BootstrapRefusedException(
                $"Node {peer.Node} was store {known} when cluster {State.Cluster} was agreed on; now it is store {theirs.Store}: its disk was wiped or replaced during the bootstrap. Give it its "
                + "disk back; or, when no node has ever served, clear the data directories of all nodes and start anew.");
        }
    }

    private string DifferenceTo(BootstrapStatus peer) =>
        peer.ClusterText != agreement.ClusterText
            ? $"Node {peer.Node} was started with another --cluster: '{peer.ClusterText}' there, '{agreement.ClusterText}' here. All nodes must be started with the same."
            : $"Node {peer.Node} was started with other --split-keys, or another replication factor: '{Readable(peer.PlacementText)}' there, "
                + $"'{Readable(agreement.PlacementText)}' here. All nodes must be started with the same.";

    /// <summary>The canonical text with its keys as they were typed.</summary>
    private static string Readable(string placement)
    {
        var at = placement.LastIndexOf('=') + 1;
        var keys = placement[at..].Split(',', StringSplitOptions.RemoveEmptyEntries);
        return keys.All(key => key.Length % 2 == 0 && key.All(char.IsAsciiHexDigit))
            ? placement[..at] + (keys.Length == 0 ? "(none)" : string.Join(',', keys.Select(key => KeyText.Of(Convert.FromHexString(key)))))
            : placement;
    }
}
