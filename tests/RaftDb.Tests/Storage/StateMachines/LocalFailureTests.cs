using RaftDb.Raft.Log;
using RaftDb.Storage;
using RaftDb.Storage.Disk;
using RaftDb.Storage.StateMachines;
using RaftDb.Storage.StateMachines.Commands;
using RaftDb.Storage.StateMachines.Reads;

namespace RaftDb.Tests.Storage.StateMachines;

/// <summary>A failure of this machine is not a rejection: the replica halts where it is, and the others go on.</summary>
public class LocalFailureTests
{
    [Test]
    public void On_a_full_disk_entries_are_applied_and_shown_until_memory_holds_its_share_and_go_on_when_there_is_room()
    {
        using var state = new StateFixture();
        using var twin = new StateFixture();
        StateMachineOptions options = new() { MaxPages = 12, LayerBytes = 1 };
        using var full = Reopened(state, options);
        var results = new List<CommandResult?>();
        for (ulong index = 1; index <= 3; index++)
        {
            full.Apply([Put(index, $"k{index}", 100_000)], [], results);
        }

        Assert.That(() => full.Apply([Put(4, "k4", 10), Put(5, "k5", 10)], [], results), Throws.TypeOf<DiskFullException>());
        Assert.That((results.Count, full.Applied.Index.Value), Is.EqualTo((3, 3UL)));
        Assert.That(() => full.Apply([Put(4, "k4", 10)], [], results), Throws.TypeOf<DiskFullException>(), "it may be tried again");
        using (IReadView view = full.OpenReadView())
        {
            Assert.That((view.Applied.Index.Value, view.TryGet("k3"u8, out _)), Is.EqualTo((3UL, true)), "reads go on, and see it all");
        }

        Assert.That(full.Checkpoint(), Is.Null);
        Assert.That(() => full.ComputeDigest(default), Throws.TypeOf<DiskFullException>());

        options.MaxPages = 1000;
        full.Apply([Put(4, "k4", 10)], [], results);
        Assert.That((full.Applied.Index.Value, results.Count, full.Size.Keys), Is.EqualTo((4UL, 4, 4L)));
        twin.State.Apply([Put(1, "k1", 100_000), Put(2, "k2", 100_000), Put(3, "k3", 100_000), Put(4, "k4", 10)], [], []);
        Assert.That(full.ComputeDigest(default), Is.EqualTo(twin.State.ComputeDigest(default)));
        Assert.That(full.Checkpoint()?.Position.Index.Value, Is.EqualTo(4));
    }

    [Test]
    public void A_page_that_cannot_be_trusted_halts_the_replica_without_moving_the_applied_index()
    {
        using var state = new StateFixture();
        state.Do([.. Enumerable.Range(0, 300).Select(i => StateFixture.Put($"k{i:D3}", new string('x', 200)))]);
        Assert.That(state.State.Checkpoint(), Is.Not.Null);
        state.State.Dispose();
        File.Delete(state.StatePath + "-wal");
        byte[] bytes = File.ReadAllBytes(state.StatePath);
        bytes.AsSpan(new StateMachineOptions().PageBytes * 9).Fill(0xEE);
        File.WriteAllBytes(state.StatePath, bytes);
        using var damaged = Reopened(state, new());
        var results = new List<CommandResult?>();
        Assert.That(
            () => damaged.Apply([.. Enumerable.Range(0, 300).Select(i => Put((ulong)i + 2, $"k{i:D3}", 10))], [], results),
            Throws.TypeOf<StorageFailedException>().With.Message.Contains("malformed"));
        Halted(damaged, results);
    }

    [Test]
    public void A_command_of_a_newer_version_halts_the_replica_and_the_whole_batch()
    {
        using var state = new StateFixture();
        state.Do(StateFixture.Put("a", "1"));
        byte[] newer = CommandCodec.Encode(new ExpireCommand(default, 1, 1));
        newer[1] = 77;
        var results = new List<CommandResult?> { null };
        Assert.That(
            () => state.State.Apply([Put(2, "b", 10), new(new(1), new(3), EntryKind.Command, newer)], [], results),
            Throws.TypeOf<StorageFailedException>().With.InnerException.TypeOf<UnknownCommandException>().And.Message.Contains("index 3").And.Message.Contains("kind 77"));
        Assert.That(results, Has.Count.EqualTo(1), "what stood in the list before stays");
        results.Clear();
        Halted(state.State, results);
        Assert.That(state.Dump(), Is.EqualTo("a=1"));
        state.Reopen();
        Assert.That((state.State.Applied.Index.Value, state.Dump()), Is.EqualTo((0UL, "")), "the file is as it was: the log brings the rest");
    }

    [Test]
    public void An_operation_of_a_newer_version_within_a_known_command_halts_it_too()
    {
        using var state = new StateFixture();
        byte[] newer = CommandCodec.Encode(new TransactionCommand(default, 1, [], [StateFixture.Put("a", "1")], [Operation.Get("a"u8.ToArray())]));
        newer[^3] = 77;
        Assert.That(
            () => state.State.Apply([new(new(1), new(1), EntryKind.Command, newer)], [], []),
            Throws.TypeOf<StorageFailedException>().With.InnerException.TypeOf<UnknownCommandException>().And.Message.Contains("kind 77"));
        Assert.That(state.Dump(), Is.Empty);
    }

    private static IStateMachine Reopened(StateFixture state, StateMachineOptions options)
    {
        state.State.Dispose();
        return new SqliteStateMachineStore(state.Data, options).Open(StateFixture.Range, state.Fresh);
    }

    private static void Halted(IStateMachine state, List<CommandResult?> results)
    {
        Assert.That(results, Is.Empty);
        Assert.That(state.Applied.Index.Value, Is.EqualTo(1));
        using (var view = state.OpenReadView())
        {
            Assert.That(view.Applied.Index.Value, Is.EqualTo(1), "reads go on");
        }

        Assert.That(() => state.Apply([Put(2, "z", 1)], [], results), Throws.TypeOf<StorageFailedException>().With.Message.Contains("halted earlier"));
        Assert.That(() => state.Checkpoint(), Throws.TypeOf<StorageFailedException>().With.Message.Contains("halted earlier"));
    }

    private static Entry Put(ulong index, string key, int bytes) => StateFixture.EntryOf(
        index, new TransactionCommand(HybridTimestamp.Of(1000, 0), 1, [], [StateFixture.Put(key, new string('y', bytes))], []));
}
