using RaftDb.Server.Transport.Handshakes;
using RaftDb.Storage;

namespace RaftDb.Server.Bootstrap;

/// <summary>Judges who may take part in a bootstrap. Whether what they were told is the same is not judged here: that is said with names, once both
/// have told each other. Thread-safe.</summary>
internal sealed class BootstrapGate(NodeId self, ClusterAgreement agreement)
{
    // A node that starts anew on another disk is for a moment not to be told from a second process with its id; then it was not met for so long.
    private const int ToleratedStrangers = 5;

    private readonly Lock _gate = new();
    private readonly Dictionary<NodeId, Guid> _met = [];
    private readonly Dictionary<(NodeId Node, Guid Store), int> _strangers = [];

    /// <summary>The node at a member's address has this store.</summary>
    public void Met(NodeId node, Guid store)
    {
        lock (_gate)
        {
            _met[node] = store;
        }
    }

    /// <summary>Nobody answers at a member's address.</summary>
    public void Lost(NodeId node)
    {
        lock (_gate)
        {
            _met.Remove(node);
            foreach (var stranger in _strangers.Keys.Where(s => s.Node == node).ToList())
            {
                _strangers.Remove(stranger);
            }
        }
    }

    /// <summary>Judges a node that dialled us; null = welcome. Once this node is committed, what it tells is enough to turn a stranger away.</summary>
    public Refusal? JudgeIncoming(Hello hello, BootstrapPhase phase)
    {
        if (hello.Node == self)
        {
            return new(RefusalKind.OwnId, $"This is node {self} too: two processes were started with the same --id, or --cluster names this address under another id.");
        }

        if (hello.To != self)
        {
            return new(RefusalKind.WrongNode, $"Node {hello.Node} dialled node {hello.To}, but this is node {self}: the peer addresses in its --cluster are mixed up.");
        }

        if (agreement.Members.All(m => m.Node != hello.Node))
        {
            return new(RefusalKind.NotMember, $"Node {hello.Node} is not in the --cluster of node {self}, which is '{agreement.ClusterText}'.");
        }

        lock (_gate)
        {
            if (phase == BootstrapPhase.Committed || !_met.TryGetValue(hello.Node, out var store) || store == hello.Store)
            {
                return null;
            }

            var stranger = (hello.Node, hello.Store);
            var times = _strangers.GetValueOrDefault(stranger) + 1;
            _strangers[stranger] = times;
            return times < ToleratedStrangers
                ? new(RefusalKind.NotReady, $"Node {hello.Node} was just met at {agreement.AddressOf(hello.Node)} with another disk; looking again.")
                : new(RefusalKind.DuplicateNode,
                    $"Two processes were started as node {hello.Node}: the one at {agreement.AddressOf(hello.Node)} (store {store}) and this one (store {hello.Store}). Stop one; each node has an id of its own.");
        }
    }

    /// <summary>Judges the node that answered where a member was dialled.</summary>
    public Refusal? JudgeDialled(Hello hello, NodeId expected, string address) =>
        hello.Node == expected
            ? null
            : new(hello.Node == self ? RefusalKind.OwnId : RefusalKind.WrongNode,
                $"At {address}, the peer address of node {expected}, node {hello.Node} answers: the addresses in --cluster are mixed up, or a process there was started with another --id.");
}
