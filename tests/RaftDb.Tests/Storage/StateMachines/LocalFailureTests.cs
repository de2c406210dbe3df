using RaftDb.Raft.Log;
using RaftDb.Storage;
using RaftDb.Storage.Disk;
using RaftDb.Storage.StateMachines.Commands;

namespace RaftDb.Tests.Storage.StateMachines;

/// <summary>A failure of this machine is not a rejection: the replica halts where it is, and the others go on.</summary>
public class LocalFailureTests
{
    [Test]
    public void A_full_disk_takes_back_the_batch_without_moving_the_applied_index_and_halts_nothing()
    {
        using var state = new StateFixture();
        state.Do(StateFixture.Put("a", "1"));
        using var full = Reopened(state, new() { MaxPages = 12 });
        var results = new List<CommandResult?>();
        Assert.That(() => full.Apply([Put(2, "b", 10), Put(3, "c", 100_000)], [], results), Throws.TypeOf<DiskFullException>());
        Assert.That(results, Is.Empty);
        Assert.That(full.Applied.Index.Value, Is.EqualTo(1));
        Assert.That(() => full.Apply([Put(2, "b", 10), Put(3, "c", 100_000)], [], results), Throws.TypeOf<DiskFullException>(), "it may be tried again");

        full.Apply([Put(2, "b", 10)], [], results);
        using var view = full.OpenReadView();
        Assert.That((results.Count, view.Applied.Index.Value), Is.EqualTo((1, 2UL)));
    }

    [Test]
    public void What_was_applied_before_the_disk_was_full_is_brought_back()
    {
        using var state = new StateFixture();
        using var twin = new StateFixture();
        using var full = Reopened(state, new() { MaxPages = 12 });
        var results = new List<CommandResult?>();
        full.Apply([Put(1, "a", 10)], [], results);
        full.Apply([Put(2, "b", 20)], [], results);
        Assert.That(() => full.Apply([Put(3, "c", 100_000)], [], results), Throws.TypeOf<DiskFullException>());

        full.Apply([Put(3, "c", 30)], [], results);
        Assert.That((full.Applied.Index.Value, results.Count, full.Size.Keys), Is.EqualTo((3UL, 3, 3L)));
        twin.State.Apply([Put(1, "a", 10), Put(2, "b", 20), Put(3, "c", 30)], [], []);
        Assert.That(full.ComputeDigest(default), Is.EqualTo(twin.State.ComputeDigest(default)));
    }

    [Test]
    public void A_full_disk_shows_what_was_committed_last()
    {
        using var state = new StateFixture();
        using var full = Reopened(state, new() { MaxPages = 12 });
        full.Apply([Put(1, "a", 10)], [], []);
        full.OpenReadView().Dispose();
        full.Apply([Put(2, "b", 20)], [], []);
        Assert.That(() => full.Apply([Put(3, "c", 100_000)], [], []), Throws.TypeOf<DiskFullException>());

        using (var committed = full.OpenCommittedView())
        {
            Assert.That(committed.Applied.Index.Value, Is.EqualTo(1));
        }

        Assert.That(full.Checkpoint(), Is.Not.Null, "there is room for what is small");
        Assert.That(full.Applied.Index.Value, Is.EqualTo(2));
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
        bytes.AsSpan(4096 * 9).Fill(0xEE);
        File.WriteAllBytes(state.StatePath, bytes);
        using var damaged = Reopened(state, new());
        var results = new List<CommandResult?>();
        Assert.That(
            () => damaged.Apply([.. Enumerable.Range(0, 300).Select(i => Put((ulong)i + 2, $"k{i:D3}", 10))], [], results),
            Throws.TypeOf<StorageFailedException>().With.Message.Contains("malformed"));
        Halted(damaged, null, results);
    }

    [Test]
    public void A_command_of_a_newer_version_halts_the_replica_and_the_whole_batch()
    {
        using var state = new StateFixture();
        state.Do(StateFixture.Put("a", "1"));
        string before = state.State.ComputeDigest(default).Hash;
        byte[] newer = CommandCodec.Encode(new ExpireCommand(default, 1, 1));
        newer[1] = 77;
        var results = new List<CommandResult?> { null };
        Assert.That(
            () => state.State.Apply([Put(2, "b", 10), new(new(1), new(3), EntryKind.Command, newer)], [], results),
            Throws.TypeOf<StorageFailedException>().With.InnerException.TypeOf<UnknownCommandException>().And.Message.Contains("index 3").And.Message.Contains("kind 77"));
        Assert.That(results, Has.Count.EqualTo(1), "what stood in the list before stays");
        results.Clear();
        Halted(state.State, before, results);
        state.Reopen();
        Assert.That(state.Dump(), Is.EqualTo("a=1"));
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

    private static RaftDb.Storage.StateMachines.IStateMachine Reopened(StateFixture state, RaftDb.Storage.StateMachines.StateMachineOptions options)
    {
        state.State.Dispose();
        return new RaftDb.Storage.StateMachines.SqliteStateMachineStore(state.Data, options).Open(StateFixture.Range, state.Fresh);
    }

    private static void Halted(RaftDb.Storage.StateMachines.IStateMachine state, string? digest, List<CommandResult?> results)
    {
        Assert.That(results, Is.Empty);
        Assert.That(state.Applied.Index.Value, Is.EqualTo(1));
        using (var view = state.OpenReadView())
        {
            Assert.That(view.Applied.Index.Value, Is.EqualTo(1), "reads go on");
        }

        if (digest is not null)
        {
            Assert.That(state.ComputeDigest(default).Hash, Is.EqualTo(digest));
        }

        Assert.That(() => state.Apply([Put(2, "z", 1)], [], results), Throws.TypeOf<StorageFailedException>().With.Message.Contains("halted earlier"));
        Assert.That(() => state.Checkpoint(), Throws.TypeOf<StorageFailedException>().With.Message.Contains("halted earlier"));
    }

    private static Entry Put(ulong index, string key, int bytes) => StateFixture.EntryOf(
        index, new TransactionCommand(HybridTimestamp.Of(1000, 0), 1, [], [StateFixture.Put(key, new string('y', bytes))], []));
}
