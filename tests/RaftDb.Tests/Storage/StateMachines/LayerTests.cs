using RaftDb.Raft.Log;
using RaftDb.Storage;
using RaftDb.Storage.StateMachines;
using RaftDb.Storage.StateMachines.Commands;
using RaftDb.Storage.StateMachines.Reads;
using RaftDb.Storage.StateMachines.Sqlite;

namespace RaftDb.Tests.Storage.StateMachines;

/// <summary>What is applied gathers in memory until there is enough to be written to the file.</summary>
public class LayerTests
{
    [Test]
    public void Who_looks_sees_what_is_in_memory_and_the_file_stays_as_it_is()
    {
        using var state = new StateFixture();
        Apply(state.State, 1, "a", 1);
        Apply(state.State, 2, "b", 1);
        Assert.That(state.Dump(), Is.EqualTo("a=x b=x"));
        Assert.That(state.State.Applied.Index.Value, Is.EqualTo(2));
        Assert.That(InFile(state), Is.Zero);
    }

    [Test]
    public void A_view_stays_as_it_was_while_rows_change_in_memory_and_in_the_file()
    {
        using var state = new StateFixture();
        Apply(state.State, 1, "a", 1);
        Apply(state.State, 2, "b", 1);
        using IReadView view = state.State.OpenReadView();
        Apply(state.State, 3, "a", 2);
        Apply(state.State, 4, "c", 1);
        Assert.That(state.State.Checkpoint(), Is.Null.Or.Not.Null);
        Apply(state.State, 5, "b", 3);
        ScanPage page = view.Scan(new(default, null, 10, long.MaxValue, false, false));
        Assert.That(string.Join(' ', page.Rows.Select(r => $"{StateFixture.Text(r.Key)}={StateFixture.Text(r.Value)}")), Is.EqualTo("a=x b=x"));
        Assert.That((view.TryGet("a"u8, out Row row), row.Index), Is.EqualTo((true, 1UL)));
        Assert.That(view.TryGet("c"u8, out _), Is.False);
        Assert.That(state.Dump(), Is.EqualTo("a=xx b=xxx c=x"));
    }

    [Test]
    public void A_layer_that_is_full_is_written_in_the_background_before_the_next_batch()
    {
        using var state = new StateFixture(options: new() { LayerBytes = 1 });
        Apply(state.State, 1, "a", 600);
        Assert.That(InFile(state), Is.Zero);
        Apply(state.State, 2, "b", 600);
        Assert.That(() => InFile(state), Is.EqualTo(1).After(10_000, 5));
    }

    [TestCase(1)]
    [TestCase(100_000)]
    public void Views_that_are_opened_while_layers_are_sealed_and_written_show_whole_entries_and_stay_as_they_were(int layerBytes)
    {
        const int Accounts = 20;
        const int Whole = Accounts * 1000;
        using var state = new StateFixture(options: new() { LayerBytes = layerBytes });
        state.Do([.. Enumerable.Range(0, Accounts).Select(i => StateFixture.Put($"account-{i:00}", "1000"))]);
        Random random = new(3);
        bool isDone = false;
        string? wrong = null;
        int views = 0;
        Thread[] readers = [.. Enumerable.Range(0, 2).Select(_ => new Thread(Read))];
        Array.ForEach(readers, r => r.Start());
        for (int i = 0; i < 3000; i++)
        {
            int amount = random.Next(10);
            state.Do(
                Operation.Increment(StateFixture.Bytes($"account-{random.Next(Accounts):00}"), -amount),
                Operation.Increment(StateFixture.Bytes($"account-{random.Next(Accounts):00}"), amount));
            if (i % 500 == 250)
            {
                state.State.Checkpoint();
            }
        }

        Volatile.Write(ref isDone, true);
        Array.ForEach(readers, r => r.Join());
        Assert.That(wrong, Is.Null);
        Assert.That(views, Is.GreaterThan(50), "otherwise this tests nothing");

        void Read()
        {
            while (!Volatile.Read(ref isDone))
            {
                using IReadView view = state.State.OpenReadView();
                ulong applied = view.Applied.Index.Value;
                int first = Sum(view);
                int again = Sum(view);
                int singly = Enumerable.Range(0, Accounts).Sum(i => view.TryGet(StateFixture.Bytes($"account-{i:00}"), out Row row) ? Number(row) : 0);
                Interlocked.Increment(ref views);
                if (first != Whole || again != Whole || singly != Whole)
                {
                    wrong = $"at {applied}: {first}, {again}, {singly}";
                }
            }
        }

        static int Sum(IReadView view) => view.Scan(new(default, null, 100, long.MaxValue, false, false)).Rows.Sum(Number);
        static int Number(Row row) => int.Parse(StateFixture.Text(row.Value), System.Globalization.CultureInfo.InvariantCulture);
    }

    [Test]
    public void A_checkpoint_takes_what_is_in_memory()
    {
        using var state = new StateFixture();
        Apply(state.State, 1, "a", 10);
        Assert.That(state.State.Checkpoint()!.Position.Index.Value, Is.EqualTo(1));
    }

    [Test]
    public void A_checkpoint_of_the_wal_leaves_what_is_in_memory_there()
    {
        using var state = new StateFixture();
        Apply(state.State, 1, "a", 10);
        Assert.That((state.State.WalBytes, state.State.CheckpointDebtBytes > 0), Is.EqualTo((0L, true)));
        Assert.That(state.State.WriteBack()!.Position.Index.Value, Is.Zero);
        Assert.That(InFile(state), Is.Zero);
        Assert.That(state.Dump(), Is.EqualTo("a=xxxxxxxxxx"));
    }

    [TestCase(0, 64 << 20)]
    [TestCase(256 << 20, 64 << 20)]
    [TestCase(600 << 20, 150 << 20)]
    [TestCase(2000 << 20, 200 << 20, Description = "A fourth of the memory of all layers.")]
    public void A_layer_of_a_large_range_gathers_a_part_of_what_is_in_its_file(int inFile, int expected)
    {
        var resources = RaftDb.Storage.StateMachines.Memory.LayerResources.Of(new() { LayerBytes = 64 << 20, LayerBytesOfAll = 800 << 20 });
        Assert.That(resources.LayerBytesOf(inFile), Is.EqualTo(expected));
    }

    [Test]
    public void A_snapshot_takes_what_is_in_memory()
    {
        using var state = new StateFixture();
        Apply(state.State, 1, "a", 10);
        using var snapshot = state.State.BeginSnapshot();
        Assert.That(snapshot.Header.Metadata.Position.Index.Value, Is.EqualTo(1));
    }

    [Test]
    public void A_batch_that_fails_leaves_the_ones_before_it_to_be_seen_and_nothing_of_itself()
    {
        using var state = new StateFixture();
        Apply(state.State, 1, "a", 10);
        byte[] newer = CommandCodec.Encode(new ExpireCommand(default, 1, 1));
        newer[1] = 77;
        Entry[] batch = [Put(2, "b", 10), new(new(1), new(3), EntryKind.Command, newer)];
        Assert.That(() => state.State.Apply(batch, [], []), Throws.TypeOf<StorageFailedException>());
        Assert.That(state.State.Applied.Index.Value, Is.EqualTo(1));
        Assert.That(state.Dump(), Is.EqualTo($"a={new string('x', 10)}"));
        Assert.That(() => state.State.ComputeDigest(default), Throws.TypeOf<StorageFailedException>().With.Message.Contains("halted earlier"));
        state.State.Dispose();
        Assert.That(InFile(state), Is.Zero, "what was left of the batch in memory is not written");
    }

    private static void Apply(IStateMachine state, ulong index, string key, int bytes) => state.Apply([Put(index, key, bytes)], [], []);

    private static Entry Put(ulong index, string key, int bytes) =>
        StateFixture.EntryOf(index, new TransactionCommand(default, 1, [], [StateFixture.Put(key, new string('x', bytes))], []));

    private static ulong InFile(StateFixture state)
    {
        using var database = new SqliteDatabase(state.StatePath, SqliteAccess.ReadOnly);
        return StateMeta.ReadFrom(database, StateFixture.Range).Applied.Index.Value;
    }
}
