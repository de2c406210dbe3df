using RaftDb.Raft.Log;
using RaftDb.Storage;
using RaftDb.Storage.StateMachines;
using RaftDb.Storage.StateMachines.Commands;
using RaftDb.Storage.StateMachines.Sqlite;

namespace RaftDb.Tests.Storage.StateMachines;

/// <summary>Batches gather in one transaction of SQLite until somebody wants to see them, or until there are enough.</summary>
public class OpenTransactionTests
{
    [Test]
    public void Batches_are_committed_when_somebody_looks()
    {
        using var state = new StateFixture();
        Apply(state.State, 1, "a", 10);
        Apply(state.State, 2, "b", 10);
        Assert.That(state.State.Applied.Index.Value, Is.EqualTo(2));
        Assert.That(Committed(state), Is.Zero, "nobody has looked");
        using (state.State.OpenReadView())
        {
            Assert.That(Committed(state), Is.EqualTo(2));
        }
    }

    [Test]
    public void Batches_are_committed_when_there_are_enough_entries_or_bytes()
    {
        using var byEntries = new StateFixture(options: new() { TransactionEntries = 2 });
        using var byBytes = new StateFixture(options: new() { TransactionBytes = 1000 });
        foreach (StateFixture state in (StateFixture[])[byEntries, byBytes])
        {
            Apply(state.State, 1, "a", 600);
            Apply(state.State, 2, "b", 600);
            Assert.That(Committed(state), Is.Zero);
            Apply(state.State, 3, "c", 600);
            Assert.That(Committed(state), Is.EqualTo(2), "what was enough is committed before the next batch");
        }
    }

    [Test]
    public void A_checkpoint_takes_what_is_open()
    {
        using var state = new StateFixture();
        Apply(state.State, 1, "a", 10);
        Assert.That(state.State.CheckpointDebtBytes, Is.Positive);
        Assert.That(state.State.Checkpoint()!.Position.Index.Value, Is.EqualTo(1));
    }

    [Test]
    public void A_snapshot_takes_what_is_open()
    {
        using var state = new StateFixture();
        Apply(state.State, 1, "a", 10);
        using var snapshot = state.State.BeginSnapshot();
        Assert.That(snapshot.Header.Metadata.Position.Index.Value, Is.EqualTo(1));
    }

    [Test]
    public void A_batch_that_fails_leaves_the_ones_before_it_in_the_same_transaction()
    {
        using var state = new StateFixture();
        Apply(state.State, 1, "a", 10);
        byte[] newer = CommandCodec.Encode(new ExpireCommand(default, 1, 1));
        newer[1] = 77;
        Entry[] batch = [Put(2, "b", 10), new(new(1), new(3), EntryKind.Command, newer)];
        Assert.That(() => state.State.Apply(batch, [], []), Throws.TypeOf<StorageFailedException>());
        Assert.That(state.State.Applied.Index.Value, Is.EqualTo(1));
        Assert.That(state.Dump(), Is.EqualTo($"a={new string('x', 10)}"));
        Assert.That(Committed(state), Is.EqualTo(1));
    }

    private static void Apply(IStateMachine state, ulong index, string key, int bytes) => state.Apply([Put(index, key, bytes)], [], []);

    private static Entry Put(ulong index, string key, int bytes) =>
        StateFixture.EntryOf(index, new TransactionCommand(default, 1, [], [StateFixture.Put(key, new string('x', bytes))], []));

    /// <summary>What another connection sees.</summary>
    private static ulong Committed(StateFixture state)
    {
        using var database = new SqliteDatabase(state.StatePath, SqliteAccess.ReadOnly);
        return StateMeta.ReadFrom(database, StateFixture.Range).Applied.Index.Value;
    }
}
