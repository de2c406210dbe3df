using RaftDb.Raft.Log;
using RaftDb.Storage;
using RaftDb.Storage.StateMachines.Commands;

namespace RaftDb.Tests.Storage.StateMachines;

/// <summary>A failure of this machine is not a rejection: the replica halts where it is, and the others go on.</summary>
public class LocalFailureTests
{
    [Test]
    public void A_full_disk_halts_the_replica_without_moving_the_applied_index()
    {
        using var state = new StateFixture();
        state.Do(StateFixture.Put("a", "1"));
        string before = state.State.ComputeDigest(default).Hash;
        using var full = Reopened(state, new() { MaxPages = 12 });
        var results = new List<CommandResult?>();
        StorageFailedException failure = Assert.Throws<StorageFailedException>(
            () => full.Apply([Put(2, "b", 10), Put(3, "c", 100_000)], [], results))!;
        Assert.That(failure.SqliteCode & 0xff, Is.EqualTo(13), "SQLITE_FULL");
        Halted(full, before, results);
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
        bytes.AsSpan(4096 * 4).Fill(0xEE);
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
