using RaftDb.Raft;
using RaftDb.Raft.Membership;
using RaftDb.Raft.Messages;
using RaftDb.Server.Ranges;
using RaftDb.Server.Transport;
using RaftDb.Storage;
using RaftDb.Tests.Server.Replicas;

namespace RaftDb.Tests.Server.Ranges;

/// <summary>Nodes tell each other of damaged replicas, and lost ones hear that they were removed.</summary>
internal sealed class TroubleExchangeTests
{
    private static readonly RangeId Range = ReplicaHarness.Range;
    private readonly List<(RangeId, ReplicaId)> _removed = [];

    [SetUp]
    public void Clear() => _removed.Clear();

    [Test]
    public async Task A_damaged_replica_is_told_to_every_connected_node_until_it_is_over()
    {
        using ReplicaHarness node = new();
        node.Network.Connect(2, 3);
        TroubleBook book = new(ReplicaHarness.Here, new LocalReplicas(), node);
        List<(NodeId To, TroubleMessage Message)> told = Listen(node);
        TroubleExchange exchange = Exchange(node, new LocalReplicas(), book);
        await exchange.TellAsync(CancellationToken.None);
        Assert.That(told, Is.Empty, "who has no trouble says nothing");

        book.Unusable(new Trouble(Range, new(1), "bad", true));
        await exchange.TellAsync(CancellationToken.None);
        Assert.That(told.Select(t => t.To.Value), Is.EqualTo((ulong[])[2, 3]));
        Assert.That(told[0].Message.Troubles, Is.EqualTo((TroubleItem[])[new(2, 1, "bad", true)]));

        book.Over(Range);
        told.Clear();
        await exchange.TellAsync(CancellationToken.None);
        await exchange.TellAsync(CancellationToken.None);
        Assert.That(told.Select(t => t.Message.Troubles.Count), Is.EqualTo((int[])[0, 0]), "once to each");
    }

    [Test]
    public void What_a_node_told_is_known_of_its_own_replicas_only_and_not_for_ever()
    {
        using ReplicaHarness node = new();
        TroubleBook book = new(ReplicaHarness.Here, new LocalReplicas(), node);
        Exchange(node, new LocalReplicas(), book).Serve(new(2), new TroubleMessage([new(2, 5, "bad", true)], []).Encode());
        Assert.That(book.Find(Range, new(new(5), new(2)))!.Reason, Is.EqualTo("bad"));
        Assert.That(book.Find(Range, new(new(5), new(3))), Is.Null, "node 3 said nothing");
        Assert.That(book.Find(Range, new(new(6), new(2))), Is.Null, "another replica");
        node.Pass(TimeSpan.FromSeconds(6));
        Assert.That(book.Find(Range, new(new(5), new(2))), Is.Null, "it has not been told for long");
    }

    [Test]
    public async Task A_replica_without_a_leader_asks_whether_it_was_removed_and_goes()
    {
        using ReplicaHarness node = new(1, 2, 3);
        node.Network.Connect(2);
        LocalReplicas replicas = new();
        replicas.Add(node.Replica!);
        TroubleBook book = new(ReplicaHarness.Here, replicas, node);
        List<(NodeId To, TroubleMessage Message)> told = Listen(node, new ReplicaItem(2, 1));
        TroubleExchange exchange = Exchange(node, replicas, book);
        await exchange.TellAsync(CancellationToken.None);
        Assert.That(told, Is.Empty, "an election takes a moment");
        node.Pass(TimeSpan.FromSeconds(7));
        await exchange.TellAsync(CancellationToken.None);
        Assert.That(told.Single().Message.Lost, Is.EqualTo((ReplicaItem[])[new(2, 1)]));
        Assert.That(_removed, Is.EqualTo(((RangeId, ReplicaId)[])[(Range, new(1))]));
    }

    [Test]
    public async Task A_learner_asks_although_it_believes_in_its_last_leader()
    {
        using ReplicaHarness node = Believing(ReplicaHarness.Descriptor(new(new(1), new(1)), new(new(2), new(2)), new(new(3), new(3))), learner: true);
        List<(NodeId To, TroubleMessage Message)> told = Listen(node, new ReplicaItem(2, 1));
        LocalReplicas replicas = new();
        replicas.Add(node.Replica!);
        TroubleExchange exchange = Exchange(node, replicas, new TroubleBook(ReplicaHarness.Here, replicas, node));
        await exchange.TellAsync(CancellationToken.None);
        Assert.That(told, Is.Empty, "it is a member as far as it knows");
        node.Pass(TimeSpan.FromSeconds(7));
        await exchange.TellAsync(CancellationToken.None);
        Assert.That(told.Single().Message.Lost, Is.EqualTo((ReplicaItem[])[new(2, 1)]));
        Assert.That(_removed, Is.EqualTo(((RangeId, ReplicaId)[])[(Range, new(1))]));
    }

    [Test]
    public async Task A_replica_that_has_applied_its_removal_asks_in_the_first_round()
    {
        using ReplicaHarness node = Believing(ReplicaHarness.Descriptor(new(new(2), new(2)), new(new(3), new(3))), learner: false);
        List<(NodeId To, TroubleMessage Message)> told = Listen(node, new ReplicaItem(2, 1));
        LocalReplicas replicas = new();
        replicas.Add(node.Replica!);
        await Exchange(node, replicas, new TroubleBook(ReplicaHarness.Here, replicas, node)).TellAsync(CancellationToken.None);
        Assert.That(told.Single().Message.Lost, Is.EqualTo((ReplicaItem[])[new(2, 1)]));
        Assert.That(_removed, Is.EqualTo(((RangeId, ReplicaId)[])[(Range, new(1))]));
    }

    [Test]
    public async Task An_answer_about_a_replica_that_was_not_asked_for_removes_nothing()
    {
        using ReplicaHarness node = new();
        node.Network.Connect(2);
        TroubleBook book = new(ReplicaHarness.Here, new LocalReplicas(), node);
        book.Unusable(new Trouble(Range, new(1), "bad", true));
        Listen(node, new ReplicaItem(2, 1));
        await Exchange(node, new LocalReplicas(), book).TellAsync(CancellationToken.None);
        Assert.That(_removed, Is.Empty, "a damaged replica keeps its files until a new one takes its place");
    }

    [Test]
    public void A_leader_calls_a_replica_removed_only_when_a_quorum_has_applied_that()
    {
        using ReplicaHarness node = new(1);
        node.Lead();
        LocalReplicas replicas = new();
        replicas.Add(node.Replica!);
        SettledDescriptors settled = new();
        TroubleExchange exchange = new(replicas, new TroubleBook(ReplicaHarness.Here, replicas, node), settled, node.Network, node, (_, _) => { });
        Change(node, MembershipChanges.Add(new(2), new(9)));
        Change(node, MembershipChanges.Remove(new(2)));
        Assert.That(Ask(2), Is.Empty, "nobody has looked yet");
        settled.Look(node.Replica!, node.Replica!.Report(node.Now));
        Assert.That(Ask(2), Has.Count.EqualTo(1));
        Assert.That(Ask(1), Is.Empty, "a member");
        Assert.That(Ask(3), Is.Empty, "an id that was never given out");

        IReadOnlyList<ReplicaItem> Ask(ulong replica) => TroubleAnswer.Decode(exchange.Serve(new(9), new TroubleMessage([], [new(2, replica)]).Encode())).Removed;
    }

    /// <summary>Replica 1, which has heard from replica 2 as its leader; 2 and 3 are the voters.</summary>
    private static ReplicaHarness Believing(RangeDescriptor descriptor, bool learner)
    {
        ReplicaHarness node = new();
        node.Network.Connect(2);
        node.Create(descriptor, new(1), Configuration.OfVoters([new(2), new(3)]) with { Learners = learner ? [new(1)] : [] });
        node.Pass();
        node.Replica.Receive(new(2), new Heartbeat(new(2), new(1), new Term(1), LogIndex.Zero, 1, Quiesce: false));
        node.Pass();
        return node;
    }

    private static void Change(ReplicaHarness node, RaftDb.Raft.Membership.ConfigurationChange change)
    {
        Task<ProposalOutcome> outcome = node.Replica!.ProposeChangeAsync(change);
        node.Pass();
        Assert.That(outcome.Result.Accepted, Is.EqualTo(1), outcome.Result.Detail);
    }

    private static List<(NodeId To, TroubleMessage Message)> Listen(ReplicaHarness node, params ReplicaItem[] removed)
    {
        List<(NodeId, TroubleMessage)> told = [];
        node.Network.Answer = (to, kind, payload) =>
        {
            Assert.That(kind, Is.EqualTo(PeerRequestKind.Troubles));
            told.Add((to, TroubleMessage.Decode(payload)));
            return new TroubleAnswer(removed).Encode();
        };
        return told;
    }

    private TroubleExchange Exchange(ReplicaHarness node, LocalReplicas replicas, TroubleBook book) =>
        new(replicas, book, new SettledDescriptors(), node.Network, node, (range, replica) => _removed.Add((range, replica)));
}
