using RaftDb.Raft;
using RaftDb.Raft.Log;
using RaftDb.Raft.Membership;
using RaftDb.Storage;
using RaftDb.Storage.Binlog;
using RaftDb.Storage.Binlog.Format;
using RaftDb.Storage.StateMachines;
using RaftDb.Storage.StateMachines.Commands;

namespace RaftDb.Tests.Storage.StateMachines;

/// <summary>A change of membership changes configuration and descriptor together, and ids are never given out twice.</summary>
internal sealed class MembershipChangeTests
{
    private StateFixture _state = null!;

    [SetUp]
    public void Create() => _state = new();

    [TearDown]
    public void Remove() => _state.Dispose();

    [Test]
    public void An_entry_that_adds_a_replica_says_on_which_node_it_lives()
    {
        Apply([new(ConfigurationChangeKind.AddLearner, new(4))], [new(new(4), new(9))]);
        RangeDescriptor descriptor = _state.State.Descriptor;
        Assert.That(descriptor.NodeOf(new(4)), Is.EqualTo(new NodeId(9)));
        Assert.That(descriptor.ReplicaOn(new(9)), Is.EqualTo(new ReplicaId(4)));
        Assert.That(descriptor.NextReplicaId, Is.EqualTo(new ReplicaId(5)));
        Assert.That(_state.State.Configuration.IsLearner(new(4)));
    }

    [Test]
    public void The_id_of_a_removed_replica_is_not_given_out_again_also_after_a_restart()
    {
        Apply([new(ConfigurationChangeKind.Remove, new(3))], []);
        Assert.That(_state.State.Descriptor.Replicas.Select(r => r.Replica.Value), Is.EqualTo((ulong[])[1, 2]));
        Assert.That(_state.State.Descriptor.NextReplicaId, Is.EqualTo(new ReplicaId(4)));
        _state.Reopen();
        Assert.That(_state.State.Descriptor.NextReplicaId, Is.EqualTo(new ReplicaId(4)));
    }

    [Test]
    public void A_change_that_turns_out_impossible_leaves_the_replicas_and_uses_the_id_up()
    {
        var change = new ConfigurationChange([new(ConfigurationChangeKind.AddLearner, new(7))]) { Context = AddedReplicas.Encode([new(new(7), new(9))]) };
        Apply(change, _state.State.Configuration);
        Assert.That(_state.State.Descriptor.Replicas, Has.Count.EqualTo(3));
        Assert.That(_state.State.Descriptor.NextReplicaId, Is.EqualTo(new ReplicaId(8)));
    }

    [Test]
    public void While_joint_the_descriptor_names_the_replicas_of_both_halves()
    {
        var swap = new ConfigurationChange(
            [new(ConfigurationChangeKind.AddVoter, new(4)), new(ConfigurationChangeKind.Remove, new(1))])
        { Context = AddedReplicas.Encode([new(new(4), new(9))]) };
        Configuration joint = ConfigurationChanger.Apply(_state.State.Configuration, swap).Configuration!;
        Assert.That(joint.IsJoint);
        Apply(swap, joint);
        Assert.That(_state.State.Descriptor.Replicas.Select(r => r.Replica.Value), Is.EqualTo((ulong[])[1, 2, 3, 4]));
        Apply(ConfigurationChange.LeaveJoint, ConfigurationChanger.LeaveJoint(joint).Configuration!);
        Assert.That(_state.State.Descriptor.Replicas.Select(r => r.Replica.Value), Is.EqualTo((ulong[])[2, 3, 4]));
    }

    [Test]
    public void Added_replicas_that_this_version_cannot_read_halt_the_replica()
    {
        var change = new ConfigurationChange([new(ConfigurationChangeKind.AddLearner, new(4))]) { Context = new byte[] { 2, 1, 4, 9 } };
        Assert.That(() => Apply(change, _state.State.Configuration), Throws.InstanceOf<StorageFailedException>().With.Message.Contains("newer version"));
    }

    [Test]
    public void Golden_bytes_of_added_replicas()
    {
        byte[] bytes = AddedReplicas.Encode([new(new(4), new(2)), new(new(300), new(9))]);
        Assert.That(Convert.ToHexString(bytes), Is.EqualTo("01020402AC0209"));
        Assert.That(AddedReplicas.Decode(bytes), Is.EqualTo((ReplicaDescriptor[])[new(new(4), new(2)), new(new(300), new(9))]));
        Assert.That(AddedReplicas.Encode([]), Is.Empty);
        Assert.That(AddedReplicas.Decode([]), Is.Empty);
        Assert.That(() => AddedReplicas.Decode([.. bytes, 0]), Throws.InstanceOf<UnknownCommandException>());
    }

    [Test]
    public void A_descriptor_says_the_next_id_only_when_its_replicas_do_not()
    {
        RangeDescriptor before = StateFixture.Descriptor("b", "m");
        RangeDescriptor after = before.WithReplicas(before.Replicas.Take(2));
        Assert.That(Convert.ToHexString(ShapeCodec.Encode(before)), Is.EqualTo("01020100010162" + "01016D" + "03010102020303"));
        Assert.That(Convert.ToHexString(ShapeCodec.Encode(after)), Is.EqualTo("02020100010162" + "01016D" + "0201010202" + "04"));
        Assert.That(ShapeCodec.DecodeDescriptor(ShapeCodec.Encode(after)).NextReplicaId, Is.EqualTo(new ReplicaId(4)));
    }

    [Test]
    public void The_binlog_keeps_the_next_id_too()
    {
        RangeDescriptor descriptor = StateFixture.Descriptor().WithReplicas([new(new(1), new(1))]);
        var payload = new CheckpointPayload(LogPosition.Zero, new RangeCheckpoint(LogPosition.Zero, StateFixture.Configuration, descriptor, "state-1.db"));
        byte[] bytes = payload.Encode();
        Assert.That(bytes[0], Is.EqualTo(2));
        RangeCheckpoint decoded = CheckpointPayload.Decode(bytes).Checkpoint;
        Assert.That(decoded.Descriptor.NextReplicaId, Is.EqualTo(new ReplicaId(4)));
        Assert.That(decoded.StateFile, Is.EqualTo("state-1.db"));
    }

    private void Apply(IReadOnlyList<ReplicaChange> changes, IReadOnlyList<ReplicaDescriptor> added)
    {
        var change = new ConfigurationChange(changes) { Context = AddedReplicas.Encode(added) };
        Apply(change, ConfigurationChanger.Apply(_state.State.Configuration, change).Configuration!);
    }

    private void Apply(ConfigurationChange change, Configuration then)
    {
        LogIndex index = _state.State.Applied.Index.Next;
        _state.State.Apply([new Entry(new(1), index, EntryKind.ConfigurationChange, ConfigurationCodec.EncodeChange(change))], [(index, then)], []);
    }
}
