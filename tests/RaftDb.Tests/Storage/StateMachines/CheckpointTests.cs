using RaftDb.Raft.Log;
using RaftDb.Storage.Binlog;
using RaftDb.Storage.StateMachines.Reads;

namespace RaftDb.Tests.Storage.StateMachines;

public class CheckpointTests
{
    private StateFixture _state = null!;

    [SetUp]
    public void SetUp() => _state = new();

    [TearDown]
    public void TearDown() => _state.Dispose();

    [Test]
    public void A_checkpoint_says_what_the_file_holds_without_its_wal()
    {
        _state.Do(StateFixture.Put("a", "1"));
        Assert.That(_state.State.CheckpointDebtBytes, Is.Positive);
        RangeCheckpoint checkpoint = _state.State.Checkpoint()!;
        Assert.That(checkpoint.Position, Is.EqualTo(new LogPosition(new(1), new(1))));
        Assert.That(checkpoint.StateFile, Is.EqualTo("state-1.db"));
        Assert.That(_state.State.CheckpointDebtBytes, Is.Zero);
        _state.State.Dispose();
        File.Delete(_state.StatePath + "-wal");
        File.Delete(_state.StatePath + "-shm");
        _state.Reopen(checkpoint);
        Assert.That(_state.Dump(), Is.EqualTo("a=1"));
    }

    [Test]
    public void A_checkpoint_of_nothing_new_says_the_same_again()
    {
        _state.Do(StateFixture.Put("a", "1"));
        RangeCheckpoint first = _state.State.Checkpoint()!;
        Assert.That(_state.State.Checkpoint()!.Position, Is.EqualTo(first.Position));
    }

    [Test]
    public void A_checkpoint_with_nothing_left_to_write_leaves_no_wal_for_the_next_start_to_read()
    {
        _state.Do(StateFixture.Put("a", new string('x', 100_000)));
        Assert.That(_state.State.Checkpoint(), Is.Not.Null);
        Assert.That(new FileInfo(_state.StatePath + "-wal").Length, Is.Zero);
        Assert.That(_state.Get("a")!.Value.Value.Length, Is.EqualTo(100_000));
    }

    [Test]
    public void A_reader_that_needs_the_wal_holds_it_back_and_its_end_frees_it()
    {
        _state.Do(StateFixture.Put("a", "1"));
        using (IReadView view = _state.State.OpenReadView())
        {
            _state.Do(StateFixture.Put("a", "2"));
            Assert.That(_state.State.Checkpoint(), Is.Null);
            Assert.That(_state.State.CheckpointDebtBytes, Is.Positive);
            Assert.That(view.TryGet("a"u8, out Row row) && StateFixture.Text(row.Value) == "1", Is.True);
        }

        Assert.That(_state.State.Checkpoint()!.Position.Index.Value, Is.EqualTo(2));
        Assert.That(_state.State.CheckpointDebtBytes, Is.Zero);
    }

    [Test]
    public void The_wal_does_not_grow_without_end_under_steady_load()
    {
        long most = 0;
        string wal = _state.StatePath + "-wal";
        for (int round = 0; round < 40; round++)
        {
            for (int i = 0; i < 10; i++)
            {
                _state.Do(StateFixture.Put($"k{i}", new string('x', 5000)));
            }

            Assert.That(_state.State.Checkpoint(), Is.Not.Null);
            most = Math.Max(most, new FileInfo(wal).Length);
        }

        Assert.That(most, Is.LessThan(1 << 20), "40 rounds of about 100 KiB each");
    }

    [Test]
    public void Short_reads_without_a_pause_do_not_keep_the_wal_from_starting_over()
    {
        using var stop = new CancellationTokenSource();
        Task[] readers = [.. Enumerable.Range(0, 2).Select(_ => Task.Run(() =>
        {
            while (!stop.IsCancellationRequested)
            {
                _state.Get("k1");
            }
        }))];
        int complete = 0;
        try
        {
            for (int round = 0; round < 60; round++)
            {
                _state.Do([.. Enumerable.Range(0, 10).Select(i => StateFixture.Put($"k{i}", new string('x', 5000)))]);
                complete += _state.State.Checkpoint() is null ? 0 : 1;
            }
        }
        finally
        {
            stop.Cancel();
            Task.WaitAll(readers);
        }

        Assert.That(complete, Is.Positive);
        Assert.That(new FileInfo(_state.StatePath + "-wal").Length, Is.LessThan(2 << 20), "60 rounds of about 100 KiB each, of which several in a row may meet a reader that gets no processor");
    }

    [Test]
    public void A_reader_in_use_at_the_end_of_a_checkpoint_lets_go_of_the_wal_when_it_is_given_back()
    {
        for (int round = 0; round < 20; round++)
        {
            _state.Do(StateFixture.Put("k", new string((char)('a' + round), 100_000)));
            using IFrozenView view = _state.Freeze();
            Assert.That(_state.State.Checkpoint(), Is.Not.Null, "the view shows all that is in the WAL, and holds nothing back");
        }

        Assert.That(new FileInfo(_state.StatePath + "-wal").Length, Is.LessThan(1 << 20), "20 rounds of about 100 KiB each");
    }

    [Test]
    [CancelAfter(60_000)]
    public async Task A_checkpoint_that_somebody_waits_for_does_not_wait_for_the_rests_of_another(CancellationToken cancel)
    {
        using StateFixture state = new(options: new() { CheckpointRest = (1e9, TimeSpan.FromHours(1)) });
        state.Do([.. Enumerable.Range(0, 40).Select(i => StateFixture.Put($"k{i}", new string('x', 100_000)))]);
        state.Freeze().Dispose();
        Task<RangeCheckpoint?> paced = Task.Factory.StartNew(state.State.WriteBack, cancel, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        while (!paced.IsCompleted)
        {
            cancel.ThrowIfCancellationRequested();
            Assert.That(state.State.Checkpoint(), Is.Not.Null);
        }

        Assert.That((await paced)!.Position.Index.Value, Is.EqualTo(1));
    }

    [Test]
    [CancelAfter(60_000)]
    public void A_layer_is_not_written_beside_a_checkpoint_so_that_the_wal_starts_over(CancellationToken cancel)
    {
        using StateFixture state = new(options: new() { CheckpointRest = (1e9, TimeSpan.FromHours(1)) });
        List<Thread> paced = [];
        for (int round = 0; round < 20; round++)
        {
            state.Do([.. Enumerable.Range(0, 40).Select(i => StateFixture.Put($"k{i}", new string((char)('a' + round), 100_000)))]);
            state.Freeze().Dispose();
            Thread checkpoint = new(() => state.State.WriteBack());
            checkpoint.Start();
            Assert.That(
                () => cancel.IsCancellationRequested || (checkpoint.ThreadState & (ThreadState.WaitSleepJoin | ThreadState.Stopped)) != 0,
                Is.True.After(60_000, 1),
                "it rests");
            paced.Add(checkpoint);
        }

        Assert.That(new FileInfo(state.StatePath + "-wal").Length, Is.LessThan(20 << 20), "20 rounds of about 4 MiB each");
        while (paced.Exists(t => t.IsAlive))
        {
            cancel.ThrowIfCancellationRequested();
            state.State.Checkpoint();
        }
    }

    [Test]
    public void Checkpoints_beside_applies_never_claim_more_than_was_applied_nor_less_than_at_the_call()
    {
        using var stop = new CancellationTokenSource();
        Task writer = Task.Run(() =>
        {
            while (!stop.IsCancellationRequested)
            {
                _state.Do(StateFixture.Put("k", "v"), StateFixture.Put("l", new string('y', 20_000)));
            }
        });
        try
        {
            for (int i = 0; i < 30; i++)
            {
                ulong before = _state.State.Applied.Index.Value;
                RangeCheckpoint checkpoint = _state.State.Checkpoint()!;
                Assert.That(checkpoint, Is.Not.Null, "there are no readers");
                Assert.That(checkpoint.Position.Index.Value, Is.InRange(before, _state.State.Applied.Index.Value));
            }
        }
        finally
        {
            stop.Cancel();
            writer.Wait();
        }
    }

    [Test]
    public void Closing_writes_nothing_back_because_the_binlog_must_be_synced_first()
    {
        _state.Do(StateFixture.Put("a", "1"));
        byte[] before = File.ReadAllBytes(_state.StatePath);
        _state.State.Dispose();
        Assert.That(File.ReadAllBytes(_state.StatePath), Is.EqualTo(before));
        _state.Reopen();
        Assert.That(_state.State.CheckpointDebtBytes, Is.Positive, "what the last process left counts");
        Assert.That(_state.Dump(), Is.EqualTo("a=1"));
    }
}
