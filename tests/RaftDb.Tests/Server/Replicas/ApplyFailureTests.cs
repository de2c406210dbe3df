using RaftDb.Raft;
using RaftDb.Raft.Membership;
using RaftDb.Server.Replicas;
using RaftDb.Storage;
using RaftDb.Storage.Binlog;
using RaftDb.Storage.StateMachines;
using RaftDb.Storage.StateMachines.Commands;

namespace RaftDb.Tests.Server.Replicas;

/// <summary>What happens when an entry can't be applied.</summary>
internal sealed class ApplyFailureTests
{
    [Test]
    public void H3_an_invariant_that_breaks_at_an_entry_is_remembered_before_the_node_crashes_of_it()
    {
        using ReplicaHarness node = new();
        Replica replica = Poisoned(node, () => new InvariantBrokenException("two is three"));
        LogIndex before = replica.State.Machine.Applied.Index;
        replica.ProposeAsync("poison"u8.ToArray(), AckMode.Quorum, node.Now + TimeSpan.FromSeconds(5));
        Assert.That(() => node.Pass(), Throws.InstanceOf<InvariantBrokenException>());
        Assert.That(node.Breaks, Is.EqualTo((string[])[$"{before.Next} to {before.Next}: two is three"]));
        Assert.That(replica.State.Machine.Applied.Index, Is.EqualTo(before));
    }

    [Test]
    public void H2_a_local_failure_halts_the_replica_and_a_new_one_in_its_place_would_help()
    {
        using ReplicaHarness node = new();
        Replica replica = Poisoned(node, () => new StorageFailedException("the disk is bad"));
        Task<ProposalResult> proposal = replica.ProposeAsync("poison"u8.ToArray(), AckMode.Quorum, node.Now + TimeSpan.FromSeconds(5));
        node.Pass();
        Assert.That(node.Halts.Single(), Does.Contain("the disk is bad"));
        Assert.That((replica.Halted is not null, replica.IsHelpedByRebuild, node.Breaks.Count), Is.EqualTo((true, true, 0)));
        Assert.That(proposal.Result.Status, Is.EqualTo(ProposalStatus.Unknown));
    }

    [Test]
    public void A_command_of_a_newer_version_halts_the_replica_and_a_new_one_would_not_help()
    {
        using ReplicaHarness node = new();
        Replica replica = Poisoned(node, () => new StorageFailedException("what is this?", new UnknownCommandException("kind 9")));
        replica.ProposeAsync("poison"u8.ToArray(), AckMode.Quorum, node.Now + TimeSpan.FromSeconds(5));
        node.Pass();
        Assert.That((replica.Halted is not null, replica.IsHelpedByRebuild), Is.EqualTo((true, false)));
    }

    [Test]
    public void Nothing_is_applied_to_a_state_that_is_on_its_way_out()
    {
        using ReplicaHarness node = new(1);
        node.Lead();
        LogIndex before = node.Replica!.State.Machine.Applied.Index;
        bool closed = false;
        node.Replica.ProposeAsync(CheckMark.Encode(default, 1), AckMode.Quorum, node.Now + TimeSpan.FromSeconds(5));
        node.Replica.State.Retire(() => closed = true);
        node.Pass();
        Assert.That((closed, node.Replica.State.Machine.Applied.Index), Is.EqualTo((true, before)));
    }

    private static Replica Poisoned(ReplicaHarness node, Func<Exception> failure)
    {
        Configuration alone = Configuration.OfVoters(new ReplicaId(1));
        RangeDescriptor descriptor = ReplicaHarness.Descriptor(new ReplicaDescriptor(new(1), new(1)));
        IStateMachine state = node.Store.Create(descriptor, alone);
        node.Binlog.CreateReplica(ReplicaHarness.Range, new(1), new RangeCheckpoint(default, alone, descriptor, state.FileName));
        node.Replica = node.Over(new BreakingMachine(state, failure), new(1), alone);
        node.Lead();
        return node.Replica;
    }
}
