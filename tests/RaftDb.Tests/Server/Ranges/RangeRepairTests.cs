using Microsoft.Extensions.Logging.Abstractions;
using RaftDb.Raft;
using RaftDb.Server.Ranges;
using RaftDb.Storage;
using RaftDb.Tests.Server.Replicas;

namespace RaftDb.Tests.Server.Ranges;

/// <summary>The leader's pass over its ranges, on a range of one voter that it leads.</summary>
internal sealed class RangeRepairTests
{
    [Test]
    public async Task A_range_with_too_few_voters_gets_a_learner_on_a_node_that_is_up()
    {
        using ReplicaHarness node = new(1);
        node.Lead();
        node.Network.Connect(5);
        (RangeRepair repair, TroubleBook book) = Repair(node, wanted: 2);
        await PassAsync(node, repair);
        await PassAsync(node, repair);
        RangeDescriptor descriptor = node.Replica!.State.Machine.Descriptor;
        Assert.That(descriptor.NodeOf(new(2)), Is.EqualTo(new NodeId(5)));
        Assert.That(node.Replica.State.Machine.Configuration.IsLearner(new(2)));
        await PassAsync(node, repair);
        Assert.That(book.NotesOn(ReplicaHarness.Range).Single(), Does.Contain("replica 2 on node 5 is being rebuilt"));
    }

    [Test]
    public async Task A_learner_that_nobody_needs_is_rolled_back()
    {
        using ReplicaHarness node = new(1);
        node.Lead();
        (RangeRepair repair, TroubleBook book) = Repair(node, wanted: 1);
        Task<ProposalOutcome> added = node.Replica!.ProposeChangeAsync(MembershipChanges.Add(new(2), new(5)));
        node.Pass();
        Assert.That(added.Result.Accepted, Is.EqualTo(1));
        await PassAsync(node, repair);
        Assert.That(node.Replica.State.Machine.Descriptor.Replicas, Has.Count.EqualTo(1));
        await PassAsync(node, repair);
        Assert.That(book.NotesOn(ReplicaHarness.Range), Is.Empty);
        Assert.That(node.Replica.State.Machine.Descriptor.NextReplicaId, Is.EqualTo(new ReplicaId(3)), "its id is used up");
    }

    [Test]
    public async Task A_range_that_somebody_is_changing_is_left_to_him()
    {
        using ReplicaHarness node = new(1);
        node.Lead();
        (RangeRepair repair, _) = Repair(node, wanted: 1);
        Assert.That(node.Replica!.Change.TryTake());
        _ = node.Replica.ProposeChangeAsync(MembershipChanges.Add(new(2), new(5)));
        node.Pass();
        await PassAsync(node, repair);
        Assert.That(node.Replica.State.Machine.Configuration.IsLearner(new(2)));
    }

    [Test]
    public async Task A_damaged_learner_makes_room_for_another_one()
    {
        using ReplicaHarness node = new(1);
        node.Lead();
        node.Network.Connect(5);
        (RangeRepair repair, TroubleBook book) = Repair(node, wanted: 2);
        await PassAsync(node, repair);
        await PassAsync(node, repair);
        book.Told(new(5), [new Trouble(ReplicaHarness.Range, new(2), "its file is damaged", true)]);
        for (int i = 0; i < 4; i++)
        {
            await PassAsync(node, repair);
        }

        Assert.That(node.Replica!.State.Machine.Descriptor.ReplicaOn(new(5)), Is.EqualTo(new ReplicaId(3)));
    }

    private static (RangeRepair Repair, TroubleBook Book) Repair(ReplicaHarness node, int wanted)
    {
        LocalReplicas replicas = new();
        replicas.Add(node.Replica!);
        TroubleBook book = new(ReplicaHarness.Here, replicas, node);
        return (new(ReplicaHarness.Here, replicas, book, new SettledDescriptors(), node.Network, [], wanted, NullLogger.Instance), book);
    }

    private static async Task PassAsync(ReplicaHarness node, RangeRepair repair)
    {
        Task pass = repair.PassAsync(CancellationToken.None);
        await Until.TrueAsync(
            () =>
            {
                node.Pass();
                return pass.IsCompleted;
            },
            "the end of the pass");
        await pass;
        node.Pass();
    }
}
