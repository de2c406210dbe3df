using RaftDb.Storage;
using RaftDb.Storage.StateMachines;
using RaftDb.Storage.StateMachines.Commands;
using RaftDb.Storage.StateMachines.Digests;
using RaftDb.Storage.StateMachines.Reads;
using RaftDb.Storage.StateMachines.Sessions;
using RaftDb.Storage.StateMachines.Snapshots;
using RaftDb.Storage.StateMachines.Sqlite;

namespace RaftDb.Tests.Storage.StateMachines.Sessions;

internal sealed class SessionTests
{
    private SessionFixture _sessions = null!;

    [SetUp]
    public void SetUp() => _sessions = new();

    [TearDown]
    public void TearDown() => _sessions.Dispose();

    [Test]
    public void A_repetition_gets_the_first_answer_and_changes_nothing()
    {
        CommandResult first = _sessions.Increment(SessionFixture.Minted, 1);
        _sessions.State.Do(StateFixture.Put("other", "x"));
        CommandResult again = _sessions.Increment(SessionFixture.Minted, 1);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(SessionFixture.Show(again), Is.EqualTo(SessionFixture.Show(first)));
            Assert.That(again.Index, Is.EqualTo(1));
            Assert.That(_sessions.State.Value("n"), Is.EqualTo("1"));
        }
    }

    [Test]
    public void Sequences_come_in_any_order_and_each_counts_once()
    {
        foreach (ulong sequence in (ulong[])[5, 3, 4, 5, 1, 2, 3, 1])
        {
            _sessions.Increment(SessionFixture.Minted, sequence, 1);
        }

        Assert.That(_sessions.State.Value("n"), Is.EqualTo("5"));
    }

    [Test]
    public void A_condition_that_failed_and_a_rejection_are_answers_too()
    {
        Condition absent = new(ConditionKind.Exists, "k"u8.ToArray(), 0, default);
        TransactionCommand create = new(
            HybridTimestamp.Of(SessionFixture.Start, 0), 1, [absent], [StateFixture.Put("k", "no number")], [], new SessionWrite(SessionFixture.Minted, 1, 0));
        Assert.That(_sessions.State.Apply(create).Succeeded, Is.True);
        Assert.That(_sessions.State.Apply(create).Succeeded, Is.True, "repeated: the key exists, but because of this very write");
        TransactionCommand other = create with { Session = new(SessionFixture.Minted, 2, 0) };
        Assert.That(_sessions.State.Apply(other).Succeeded, Is.False);
        _sessions.State.Do(Operation.Delete("k"u8.ToArray()));
        Assert.That(_sessions.State.Apply(other).Succeeded, Is.False, "it failed when it was executed");

        _sessions.State.Do(StateFixture.Put("n", "no number"));
        CommandResult rejected = _sessions.Increment(SessionFixture.Minted, 3);
        _sessions.State.Do(StateFixture.Put("n", "7"));
        CommandResult again = _sessions.Increment(SessionFixture.Minted, 3);
        Assert.That((rejected.Status, again.Status, again.Detail), Is.EqualTo((CommandStatus.Rejected, CommandStatus.Rejected, rejected.Detail)));
        Assert.That(_sessions.State.Value("n"), Is.EqualTo("7"));
    }

    [Test]
    public void A_sequence_is_not_for_another_request()
    {
        _sessions.Increment(SessionFixture.Minted, 1);
        CommandResult reused = _sessions.Write(SessionFixture.Minted, 1, Operation.Increment("n"u8.ToArray(), 2));
        Assert.That((reused.Status, _sessions.State.Value("n")), Is.EqualTo((CommandStatus.SequenceReused, "1")));
        Assert.That(reused.Detail, Does.Contain("sequence 1"));
        Assert.That(_sessions.Increment(SessionFixture.Chosen, 1).Status, Is.EqualTo(CommandStatus.Done), "another session's sequence 1 is another");
    }

    [Test]
    public void Time_and_generation_are_not_a_part_of_the_request()
    {
        _sessions.Increment(SessionFixture.Minted, 1);
        _sessions.Now += 5000;
        TransactionCommand later = _sessions.Command(SessionFixture.Minted, 1, Operation.Increment("n"u8.ToArray(), 1)) with { Generation = 9 };
        Assert.That(_sessions.State.Apply(later).Status, Is.EqualTo(CommandStatus.Done));
        Assert.That(_sessions.State.Value("n"), Is.EqualTo("1"));
    }

    [Test]
    public void Parts_of_a_request_are_kept_apart()
    {
        Operation increment = Operation.Increment("n"u8.ToArray(), 1);
        _sessions.Write(SessionFixture.Minted, 1, increment, part: 0);
        _sessions.Write(SessionFixture.Minted, 1, increment, part: 3);
        _sessions.Write(SessionFixture.Minted, 1, increment, part: 3);
        Assert.That(_sessions.State.Value("n"), Is.EqualTo("2"));
    }

    [Test]
    public void What_is_acknowledged_is_dropped_and_never_executed_again()
    {
        for (ulong sequence = 1; sequence <= 500; sequence++)
        {
            Assert.That(_sessions.Increment(SessionFixture.Minted, sequence, sequence).Status, Is.EqualTo(CommandStatus.Done));
        }

        CommandResult old = _sessions.Increment(SessionFixture.Minted, 10, 10);
        Assert.That((old.Status, _sessions.State.Value("n")), Is.EqualTo((CommandStatus.SequenceReused, "500")));
        Assert.That(old.Detail, Does.Contain("below"));
        Assert.That(Results(), Is.InRange(1, (int)SessionRules.DropStep));
    }

    [Test]
    public void A_session_that_acknowledges_nothing_is_bounded_and_goes_on_when_it_does()
    {
        for (ulong sequence = 1; sequence <= SessionRules.MaxResults; sequence++)
        {
            _sessions.Increment(SessionFixture.Minted, sequence);
        }

        ulong next = SessionRules.MaxResults + 1;
        Assert.That(_sessions.Increment(SessionFixture.Minted, next).Status, Is.EqualTo(CommandStatus.SessionLimit));
        Assert.That(_sessions.Increment(SessionFixture.Minted, 7).Status, Is.EqualTo(CommandStatus.Done), "repetitions are answered");
        Assert.That(_sessions.State.Value("n"), Is.EqualTo($"{SessionRules.MaxResults}"));
        Assert.That(_sessions.Increment(SessionFixture.Minted, next, 2).Status, Is.EqualTo(CommandStatus.Done), "one place is enough");
        Assert.That(_sessions.State.Value("n"), Is.EqualTo($"{SessionRules.MaxResults + 1}"));
    }

    [Test]
    public void Nonsense_numbers_do_nothing()
    {
        Assert.That(_sessions.Increment(SessionFixture.Minted, 0).Status, Is.EqualTo(CommandStatus.SequenceReused));
        Assert.That(_sessions.Increment(SessionFixture.Minted, 1, 2).Status, Is.EqualTo(CommandStatus.SequenceReused));
        Assert.That(_sessions.Increment(SessionFixture.Minted, ulong.MaxValue).Status, Is.EqualTo(CommandStatus.SequenceReused));
        Assert.That(_sessions.State.Value("n"), Is.Null);
    }

    [Test]
    public void A_key_outside_of_the_range_leaves_no_trace_of_the_session()
    {
        using StateFixture bounded = new(end: "m");
        string before = bounded.State.ComputeDigest(default).Hash;
        Assert.That(bounded.Apply(_sessions.Command(SessionFixture.Minted, 1, Operation.Increment("n"u8.ToArray(), 1))).Status, Is.EqualTo(CommandStatus.OutOfRange));
        Assert.That(bounded.State.ComputeDigest(default).Hash, Is.EqualTo(before));
    }

    [Test]
    public void Sessions_survive_restarts_snapshots_and_checkpoints()
    {
        CommandResult first = _sessions.Increment(SessionFixture.Minted, 1);
        _sessions.Increment(SessionFixture.Chosen, 1);
        _sessions.State.Reopen();
        Assert.That(SessionFixture.Show(_sessions.Increment(SessionFixture.Minted, 1)), Is.EqualTo(SessionFixture.Show(first)));
        Assert.That(_sessions.State.State.Checkpoint(), Is.Not.Null);

        using StateFixture target = new();
        using ISnapshotSource snapshot = _sessions.State.State.BeginSnapshot();
        using ISnapshotSink sink = target.Store.BeginReceive(StateFixture.Range);
        byte[] bytes = new byte[snapshot.Header.Length];
        Assert.That(snapshot.Read(bytes, 0), Is.EqualTo(bytes.Length));
        sink.Write(bytes);
        (IStateMachine copy, _) = sink.Complete(snapshot.Header);
        sink.Keep();
        using (copy)
        {
            Assert.That(copy.ComputeDigest(default), Is.EqualTo(_sessions.State.State.ComputeDigest(default)));
            Assert.That(copy.EarliestSessionUse?.Milliseconds, Is.EqualTo(SessionFixture.Start));
            List<CommandResult?> results = [];
            copy.Apply([StateFixture.EntryOf(4, _sessions.Command(SessionFixture.Minted, 1, Operation.Increment("n"u8.ToArray(), 1)))], [], results);
            Assert.That(SessionFixture.Show(results[0]!), Is.EqualTo(SessionFixture.Show(first)));
        }
    }

    [Test]
    public void Digests_see_sessions_and_results()
    {
        using SessionFixture other = new();
        _sessions.Increment(SessionFixture.Minted, 1);
        other.State.DoAt(SessionFixture.Start, Operation.Increment("n"u8.ToArray(), 1));
        Assert.That(other.State.Value("n"), Is.EqualTo(_sessions.State.Value("n")));
        Assert.That(other.State.State.ComputeDigest(default).Hash, Is.Not.EqualTo(_sessions.State.State.ComputeDigest(default).Hash));
        Assert.That(Slice(other), Is.Not.EqualTo(Slice(_sessions)));

        static string Slice(SessionFixture sessions)
        {
            using IFrozenView view = sessions.State.Freeze();
            SliceDigest digest = view.DigestSlice(new() { From = default, BucketBytes = 100, SliceBytes = 400 }, default);
            return digest.Root();
        }
    }

    [Test]
    public void A_state_file_from_before_there_were_sessions_gets_the_tables_when_it_is_opened()
    {
        _sessions.State.State.Checkpoint();
        string path = _sessions.State.StatePath;
        _sessions.State.State.Dispose();
        using (SqliteDatabase database = new(path, SqliteAccess.ReadWrite))
        {
            database.Execute("DROP TABLE raftdb_results");
            database.Execute("DROP TABLE raftdb_sessions");
        }

        _sessions.State.Reopen();
        _sessions.Increment(SessionFixture.Minted, 1);
        _sessions.Increment(SessionFixture.Minted, 1);
        Assert.That(_sessions.State.Value("n"), Is.EqualTo("1"));
    }

    private int Results()
    {
        _sessions.State.State.Checkpoint();
        using SqliteDatabase database = new(_sessions.State.StatePath, SqliteAccess.ReadOnly);
        return int.Parse(database.QueryText("SELECT count(*) FROM raftdb_results")!, System.Globalization.CultureInfo.InvariantCulture);
    }
}
