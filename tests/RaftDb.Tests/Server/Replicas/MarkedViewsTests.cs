using RaftDb.Raft;
using RaftDb.Server.Replicas;
using RaftDb.Storage.StateMachines.Commands;
using RaftDb.Storage.StateMachines.Reads;

namespace RaftDb.Tests.Server.Replicas;

/// <summary>Views at the marks of the log.</summary>
internal sealed class MarkedViewsTests
{
    [Test]
    public void A_mark_between_writes_of_one_batch_shows_exactly_what_was_before_it()
    {
        using ReplicaHarness node = new(1);
        node.Lead();
        Task<ProposalResult> first = Propose(node, Put("a"));
        Task<ProposalResult> mark = Propose(node, CheckMark.Encode(default, 1));
        Task<ProposalResult> second = Propose(node, Put("b"));
        node.Pass();
        Assert.That(new[] { first, mark, second }.All(t => t.Result.Status == ProposalStatus.Applied));
        using IReadView view = Take(node, mark.Result.Position.Index).View!;
        Assert.That(view.Applied.Index, Is.EqualTo(mark.Result.Position.Index));
        Assert.That(view.TryGet("a"u8, out _));
        Assert.That(view.TryGet("b"u8, out _), Is.False);
    }

    [Test]
    public void Who_asks_before_the_mark_is_applied_waits_for_it()
    {
        using ReplicaHarness node = new(1);
        node.Lead();
        Task<MarkedView> early = node.Replica!.Marks.TakeAsync(node.Replica.State.Machine.Applied.Index.Next);
        Assert.That(early.IsCompleted, Is.False);
        Propose(node, CheckMark.Encode(default, 1));
        node.Pass();
        using IReadView view = early.Result.View!;
        Assert.That(view.Applied.Index, Is.EqualTo(node.Replica.State.Machine.Applied.Index));
    }

    [Test]
    public void A_view_that_nobody_takes_is_given_up_and_holds_no_checkpoint_back()
    {
        using ReplicaHarness node = new(1);
        node.Lead();
        LogIndex index = node.Propose(CheckMark.Encode(default, 1)).Position.Index;
        node.Propose(Put("a"));
        Assert.That(node.Replica!.State.Machine.Checkpoint(), Is.Null, "the view is in the way");
        Assert.That(node.Replica.NextDeadline <= node.Now + TimeSpan.FromSeconds(10));
        node.Pass(TimeSpan.FromSeconds(11));
        Assert.That(node.Replica.State.Machine.Checkpoint(), Is.Not.Null);
        Assert.That(Take(node, index), Is.EqualTo(new MarkedView(null, $"it keeps no view at index {index} (any more)")));
    }

    [Test]
    public void Who_waits_for_a_mark_that_never_comes_is_told()
    {
        using ReplicaHarness node = new(1);
        node.Lead();
        Task<MarkedView> waiting = node.Replica!.Marks.TakeAsync(new(1000));
        node.Pass(TimeSpan.FromSeconds(11));
        Assert.That(waiting.Result.Failure, Does.Contain("not applied the mark in time"));
    }

    [Test]
    public void A_halted_replica_lets_go_of_its_views()
    {
        using ReplicaHarness node = new(1);
        node.Lead();
        LogIndex index = node.Propose(CheckMark.Encode(default, 1)).Position.Index;
        Task<MarkedView> waiting = node.Replica!.Marks.TakeAsync(new(1000));
        node.Replica.Halt("a test");
        node.Pass();
        Assert.That(waiting.Result.Failure, Is.EqualTo("it has stopped"));
        Assert.That(Take(node, index).Failure, Is.EqualTo("it has stopped"));
    }

    private static MarkedView Take(ReplicaHarness node, LogIndex index)
    {
        Task<MarkedView> taken = node.Replica!.Marks.TakeAsync(index);
        Assert.That(taken.Wait(TimeSpan.FromSeconds(60)), "the state is written in the background");
        return taken.Result;
    }

    private static Task<ProposalResult> Propose(ReplicaHarness node, byte[] command) =>
        node.Replica!.ProposeAsync(command, AckMode.Quorum, node.Now + TimeSpan.FromSeconds(5));

    private static byte[] Put(string key) =>
        CommandCodec.Encode(new TransactionCommand(default, 1, [], [Operation.Put(System.Text.Encoding.UTF8.GetBytes(key), default)], []));
}
