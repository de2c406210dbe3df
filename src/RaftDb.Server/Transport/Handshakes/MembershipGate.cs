using RaftDb.Server.Bootstrap;
using RaftDb.Storage;

namespace RaftDb.Server.Transport.Handshakes;

/// <summary>Judges who may talk to a bootstrapped node.</summary>
internal sealed class MembershipGate(NodeIdentity identity)
{
    /// <summary>Judges a node that dialled us; null = welcome.</summary>
    public Refusal? JudgeIncoming(Hello hello)
    {
        if (hello.Node == identity.Node)
        {
            return new(RefusalKind.OwnId,
                $"A process at the other end claims to be node {identity.Node}, which is this node (store {identity.Store}): two processes were started with "
                + "the same --id, or --cluster points at this node under another id.");
        }

        return hello.To == identity.Node
            ? JudgeMember(hello)
            : new(RefusalKind.WrongNode,
                $"Node {hello.Node} dialled node {hello.To}, but this is node {identity.Node}: the peer addresses in its --cluster are mixed up.");
    }

    /// <summary>Judges the node that answered where another was dialled.</summary>
    public Refusal? JudgeDialled(Hello hello, NodeId expected, string address)
    {
        if (hello.Node == identity.Node)
        {
            return new(RefusalKind.OwnId,
                $"At {address}, the peer address of node {expected}, this node itself (or another process with --id {identity.Node}) answers: correct --cluster.");
        }

        return hello.Node == expected
            ? JudgeMember(hello)
            : new(RefusalKind.WrongNode,
                $"At {address}, the peer address of node {expected}, node {hello.Node} answers: the peer addresses in --cluster are mixed up.");
    }

    private Refusal? JudgeMember(Hello hello)
    {
        if (hello.Cluster != identity.Cluster)
        {
            return new(RefusalKind.OtherCluster, hello.Cluster == Guid.Empty
                ? $"Node {hello.Node} belongs to no cluster, and node {identity.Node} to cluster {identity.Cluster}: a wiped or new disk can't join under an old id."
                : $"Node {hello.Node} belongs to cluster {hello.Cluster}, and node {identity.Node} to cluster {identity.Cluster}: check the peer addresses "
                    + "and the data directories.");
        }

        var member = identity.Members.FirstOrDefault(m => m.Node == hello.Node);
        if (member is null)
        {
            return new(RefusalKind.NotMember,
                $"Node {hello.Node} is not a member of cluster {identity.Cluster} (its members are {string.Join(", ", identity.Members.Select(m => m.Node))}).");
        }

        return member.Store == hello.Store
            ? null
            : new(RefusalKind.OtherStore,
                $"Node {hello.Node} was store {member.Store}, this is store {hello.Store}: its disk was wiped or replaced. It can't come back under its old id, "
                + $"because it no longer has what it acknowledged. Give it its old data directory back, or remove node {hello.Node} and add the machine under a new id.");
    }
}
