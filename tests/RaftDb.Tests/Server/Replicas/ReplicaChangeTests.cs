using RaftDb.Raft;
using RaftDb.Raft.Log;
using RaftDb.Raft.Membership;
using RaftDb.Raft.Messages;
using RaftDb.Server.Ranges;
using RaftDb.Storage;
using RaftDb.Storage.StateMachines.Commands;

namespace RaftDb.Tests.Server.Replicas;

/// <summary>Changes of membership on their way through a replica.</summary>
internal sealed class ReplicaChangeTests
{
    [Test]
    public void A_new_replica_is_spoken_to_on_the_node_that_the_same_entry_names()
    {
        using ReplicaHarness node = new(1);
        node.Lead();
        ProposalOutcome outcome = Change(node, MembershipChanges.Add(new(2), new(9)));
        Assert.That(outcome.Accepted, Is.EqualTo(1), outcome.Detail);
        Assert.That(node.Replica!.State.Machine.Descriptor.NodeOf(new(2)), Is.EqualTo(new NodeId(9)));
        node.Pass(TimeSpan.FromMilliseconds(200));
        Assert.That(node.Network.Sent.Where(s => s.Message.Message.To == new ReplicaId(2)).Select(s => s.To).Distinct(), Is.EqualTo((NodeId[])[new(9)]));
    }

    [Test]
    public void A_change_and_commands_of_one_pass_get_their_own_answers()
    {
        using ReplicaHarness node = new(1);
        node.Lead();
        Task<RaftDb.Server.Replicas.ProposalResult> put = node.Replica!.ProposeAsync(Put("a"), RaftDb.Server.Replicas.AckMode.Quorum, node.Now + TimeSpan.FromSeconds(5));
        Task<ProposalOutcome> change = node.Replica.ProposeChangeAsync(MembershipChanges.Add(new(2), new(9)));
        Task<ProposalOutcome> second = node.Replica.ProposeChangeAsync(MembershipChanges.Add(new(3), new(8)));
        node.Pass();
        Assert.That(put.Result.Status, Is.EqualTo(RaftDb.Server.Replicas.ProposalStatus.Applied));
        Assert.That(change.Result.Accepted, Is.EqualTo(1));
        Assert.That((second.Result.Accepted, second.Result.Refusal), Is.EqualTo((0, ProposalRefusal.ConfigurationChangePending)));
    }

    [Test]
    public void Who_does_not_lead_refuses_a_change_and_so_does_who_has_halted()
    {
        using ReplicaHarness node = new(1, 2, 3);
        Assert.That(Change(node, MembershipChanges.Remove(new(2))).Refusal, Is.EqualTo(ProposalRefusal.NotLeader));
        node.Replica!.Halt("a test");
        Assert.That(Change(node, MembershipChanges.Remove(new(2))).Detail, Is.EqualTo("a test"));
    }

    [Test]
    public void A_blank_replica_answers_a_leader_that_its_descriptor_does_not_know()
    {
        using ReplicaHarness node = new();
        node.Create(ReplicaHarness.Descriptor(), new(4), Configuration.Empty);
        Assert.That(node.Replica.IsBlank);
        node.Replica.Receive(new(7), new AppendEntries(new(1), new(4), new Term(3), new LogPosition(new(5), new(3)), [], new(5), false));
        node.Pass();
        Assert.That(node.Network.Sent.Select(s => (s.To, s.Message.Message.To)), Does.Contain((new NodeId(7), new ReplicaId(1))));
        Assert.That(node.Replica.Leadership.Leader, Is.EqualTo(new NodeId(7)));
    }

    private static ProposalOutcome Change(ReplicaHarness node, ConfigurationChange change)
    {
        Task<ProposalOutcome> outcome = node.Replica!.ProposeChangeAsync(change);
        node.Pass();
        Assert.That(outcome.IsCompleted, "it was answered");
        return outcome.Result;
    }

    private static byte[] Put(string key) =>
        CommandCodec.Encode(new TransactionCommand(default, 1, [], [Operation.Put(System.Text.Encoding.UTF8.GetBytes(key), default)], []));
}
