using System.Text.Json;
using RaftDb.Client.Protocol;
using RaftDb.Raft.Messages;
using RaftDb.Server.Ranges;
using RaftDb.Server.Transport;
using RaftDb.Storage;
using RaftDb.Tests.Server.Replicas;

namespace RaftDb.Tests.Server.Ranges;

/// <summary>How ranges are, as one node tells it that asks the others.</summary>
internal sealed class RangeStatusBuilderTests
{
    [Test]
    public async Task A_voter_that_knows_of_no_leader_asks_the_others_who_may_know_that_it_was_removed()
    {
        using ReplicaHarness node = new(1, 2, 3);
        List<NodeId> asked = Answering(node, (2, Status(leader: null, term: 4)), (3, Status(leader: 3, term: 4, leads: true)));
        RangeStatus status = await StatusAsync(node);
        Assert.That(asked, Is.EquivalentTo((NodeId[])[new(2), new(3)]));
        Assert.That((status.Leader, status.Term), Is.EqualTo((3ul, 4ul)));
    }

    [TestCase(2ul)]
    [TestCase(3ul)]
    public async Task The_leaders_answer_counts_whoever_else_answers(ulong leader)
    {
        using ReplicaHarness node = new(1, 2, 3);
        ulong other = 5 - leader;
        Answering(node, (leader, Status(leader, term: 4, leads: true)), (other, Status(leader: null, term: 5)));
        Assert.That((await StatusAsync(node)).Leader, Is.EqualTo(leader), "the other one campaigns, and knows nothing");

        Answering(node, (leader, Status(leader, term: 4, leads: true)), (other, Status(other, term: 3, leads: true)));
        Assert.That((await StatusAsync(node)).Leader, Is.EqualTo(leader), "the other one has not heard that it leads no more");
    }

    [Test]
    public async Task A_leader_that_does_not_answer_is_known_from_its_followers()
    {
        using ReplicaHarness node = new(1, 2, 3);
        Answering(node, (2, Status(leader: 3, term: 4)));
        Assert.That((await StatusAsync(node)).Leader, Is.EqualTo(3));
    }

    [Test]
    public async Task Who_knows_the_leader_asks_nobody_else()
    {
        using ReplicaHarness node = new(1, 2, 3);
        node.Replica!.Receive(new(2), new Heartbeat(new(2), new(1), new(1), default, 1, Quiesce: false));
        node.Pass();
        List<NodeId> asked = Answering(node, (3, Status(leader: null, term: 4)));
        Assert.That((await StatusAsync(node)).Leader, Is.EqualTo(2));
        Assert.That(asked, Is.EqualTo((NodeId[])[new(2)]));
    }

    private static async Task<RangeStatus> StatusAsync(ReplicaHarness node)
    {
        LocalReplicas replicas = new();
        replicas.Add(node.Replica!);
        RangeMap map = new([node.Replica!.State.Machine.Descriptor]);
        RangeStatusBuilder builder = new(ReplicaHarness.Here, map, replicas, node.Network, new TroubleBook(ReplicaHarness.Here, replicas, node));
        Task<IReadOnlyList<RangeStatus>> all = builder.AllAsync(CancellationToken.None).AsTask();
        node.Pass();
        return (await all).Single();
    }

    /// <summary>Nodes that answer; the others can't be reached. Remembers who was asked.</summary>
    private static List<NodeId> Answering(ReplicaHarness node, params (ulong Node, RangeStatus Status)[] answers)
    {
        List<NodeId> asked = [];
        node.Network.Answer = (to, kind, _) =>
        {
            Assert.That(kind, Is.EqualTo(PeerRequestKind.RangeStatus));
            asked.Add(to);
            return answers.Where(a => a.Node == to.Value).Select(a => (ReadOnlyMemory<byte>?)JsonSerializer.SerializeToUtf8Bytes((RangeStatus[])[a.Status])).SingleOrDefault();
        };
        return asked;
    }

    private static RangeStatus Status(ulong? leader, ulong term, bool leads = false)
    {
        ReplicaStatus[] replicas = [.. ((ulong[])[1, 2, 3]).Select(n => new ReplicaStatus(
            n, n, n == leader ? "leader" : "unknown", leads ? n == leader ? "leader" : "replicate" : null, null, null, null, null))];
        return new RangeStatus(ReplicaHarness.Range.Value, "kv", null, null, 1, leader, term, 1, replicas, 0, 0, 1);
    }
}
