using RaftDb.Raft;
using RaftDb.Raft.Membership;
using RaftDb.Storage;
using RaftDb.Storage.Binlog;
using RaftDb.Storage.StateMachines;
using RaftDb.Storage.StateMachines.Commands;

namespace RaftDb.Tests.Storage.StateMachines;

public class StoreTests
{
    private StateFixture _state = null!;

    [SetUp]
    public void SetUp()
    {
        _state = new();
        _state.Do([.. Enumerable.Range(0, 200).Select(i => StateFixture.Put($"k{i}", new string('x', 100)))]);
    }

    [TearDown]
    public void TearDown() => _state.Dispose();

    [Test]
    public void A_new_replica_is_at_index_0_and_durable_at_once()
    {
        using var fresh = new StateFixture();
        Assert.That(fresh.State.Applied.Index, Is.EqualTo(LogIndex.Zero));
        Assert.That(fresh.State.CheckpointDebtBytes, Is.Zero);
        fresh.State.Dispose();
        File.Delete(fresh.StatePath + "-wal");
        fresh.Reopen();
        Assert.That(fresh.State.Descriptor.Generation, Is.EqualTo(1));
        Assert.That(fresh.State.Configuration.Voters, Has.Count.EqualTo(3));
    }

    [Test]
    public void The_version_of_sqlite_is_told() => Assert.That(_state.Store.SqliteVersion, Does.Match(@"^3\.\d+\.\d+$"));

    [Test]
    public void Another_library_beside_the_loaded_one_is_refused() =>
        Assert.That(
            () => new SqliteStateMachineStore(_state.Data, new() { SqliteLibrary = "/nowhere/libsqlite3.so" }),
            Throws.TypeOf<StorageRefusedException>().With.Message.Contains("/nowhere/libsqlite3.so"));

    [Test]
    public void A_missing_file_is_refused_with_its_path() =>
        Refused(_state.Fresh with { StateFile = "state-5.db" }, Path.Combine(_state.RangeDirectory, "state-5.db"));

    [TestCase("../state-1.db")]
    [TestCase("/etc/passwd")]
    [TestCase("state-x.db")]
    [TestCase("")]
    public void A_name_that_is_none_of_ours_is_refused(string name) => Refused(_state.Fresh with { StateFile = name }, "not named like a state file");

    [Test]
    public void A_file_that_holds_less_than_the_binlog_was_told_is_refused() =>
        Refused(_state.Fresh with { Position = new(new(2), new(1)) }, "holds index 1 of term 1");

    [Test]
    public void A_file_of_another_history_is_refused() => Refused(_state.Fresh with { Position = new(new(1), new(2)) }, "holds index 1 of term 1");

    [Test]
    public void A_file_that_holds_more_is_opened()
    {
        _state.Reopen();
        Assert.That(_state.State.Applied.Index.Value, Is.EqualTo(1));
    }

    [Test]
    public void A_file_of_another_range_is_refused()
    {
        RangeCheckpoint checkpoint = _state.State.Checkpoint()!;
        _state.State.Dispose();
        string other = Directory.CreateDirectory(Path.Combine(_state.Data, "ranges", "3")).FullName;
        File.Copy(_state.StatePath, Path.Combine(other, _state.State.FileName));
        Assert.That(() => _state.Store.Open(new(3), checkpoint), Throws.TypeOf<StorageRefusedException>().With.Message.Contains("another range"));
    }

    [Test]
    public void What_is_no_database_is_refused()
    {
        _state.State.Dispose();
        File.WriteAllText(_state.StatePath, "this is not a database, whatever its name says");
        Refused(_state.Fresh, "not a SQLite database");
        File.WriteAllText(_state.StatePath, "");
        Refused(_state.Fresh, "not a SQLite database");
    }

    [Test]
    public void A_damaged_head_is_refused()
    {
        _state.State.Checkpoint();
        _state.State.Dispose();
        Damage(20, 80);
        Refused(_state.Fresh, _state.State.FileName);
    }

    [Test]
    public void Damage_anywhere_is_found_when_asked_for()
    {
        RangeCheckpoint checkpoint = _state.State.Checkpoint()!;
        _state.State.Dispose();
        Damage(4096 * 5, 4096);
        var careful = new SqliteStateMachineStore(_state.Data, new() { CheckAtOpen = true });
        Assert.That(() => careful.Open(StateFixture.Range, checkpoint), Throws.TypeOf<StorageRefusedException>().With.Message.Contains("damaged"));
    }

    [Test]
    public void A_newer_format_is_refused()
    {
        _state.State.Dispose();
        using (var database = new RaftDb.Storage.StateMachines.Sqlite.SqliteDatabase(_state.StatePath, RaftDb.Storage.StateMachines.Sqlite.SqliteAccess.ReadWrite))
        {
            database.Execute("UPDATE raftdb_meta SET format = 2");
        }

        Refused(_state.Fresh, "format 2");
    }

    [Test]
    public void Deleting_takes_the_companions_and_the_empty_directory_along()
    {
        _state.State.Dispose();
        _state.Store.Delete(StateFixture.Range, _state.State.FileName);
        Assert.That(Directory.Exists(_state.RangeDirectory), Is.False);
        _state.Store.Delete(StateFixture.Range, _state.State.FileName);
    }

    [Test]
    public void Ranges_live_beside_each_other_and_the_meta_range_is_like_the_others()
    {
        RangeDescriptor meta = StateFixture.Descriptor() with { Id = RangeId.Meta, Kind = RangeKind.Meta };
        using IStateMachine state = _state.Store.Create(meta, Configuration.OfVoters(new ReplicaId(1)));
        state.Apply([StateFixture.EntryOf(1, new TransactionCommand(default, 1, [], [StateFixture.Put("node/1", "x")], []))], [], []);
        using var view = state.OpenReadView();
        Assert.That(view.TryGet("node/1"u8, out _), Is.True);
        Assert.That(view.Scan(new(default, null, 10, 1000, false, false)).Rows, Has.Count.EqualTo(1));
        Assert.That(_state.Get("node/1"), Is.Null);
    }

    [TestCase(nameof(StateMachineOptions.PageBytes))]
    [TestCase(nameof(StateMachineOptions.SnapshotStepPages))]
    [TestCase(nameof(StateMachineOptions.WriterCacheBytes))]
    public void Options_that_make_no_sense_are_named(string option)
    {
        StateMachineOptions options = option switch
        {
            nameof(StateMachineOptions.PageBytes) => new() { PageBytes = 1000 },
            nameof(StateMachineOptions.SnapshotStepPages) => new() { SnapshotStepPages = 0 },
            _ => new() { WriterCacheBytes = 1 },
        };
        Assert.That(() => options.Validate(), Throws.ArgumentException.With.Message.Contains(option));
    }

    [Test]
    public void The_shape_of_a_range_has_bytes_that_stay()
    {
        RangeDescriptor descriptor = StateFixture.Descriptor("b", "m") with { FailoverMode = FailoverMode.Lease, Generation = 300 };
        Assert.That(Convert.ToHexString(ShapeCodec.Encode(descriptor)), Is.EqualTo("01020101AC0201620101" + "6D03010102020303"));
        Assert.That(ShapeCodec.Encode(ShapeCodec.DecodeDescriptor(ShapeCodec.Encode(descriptor))), Is.EqualTo(ShapeCodec.Encode(descriptor)));
        var joint = new Configuration
        {
            Voters = [new(1), new(2)],
            OutgoingVoters = [new(3)],
            Learners = [new(4)],
            LearnersNext = [new(300)],
            AutoLeave = true,
        };
        Assert.That(Convert.ToHexString(ShapeCodec.Encode(joint)), Is.EqualTo("0101020102010301040" + "1AC02"));
        Assert.That(ShapeCodec.Encode(ShapeCodec.DecodeConfiguration(ShapeCodec.Encode(joint))), Is.EqualTo(ShapeCodec.Encode(joint)));
        Assert.That(ShapeCodec.DecodeDescriptor(ShapeCodec.Encode(StateFixture.Descriptor())).End, Is.Null);
    }

    [Test]
    public void A_range_with_an_empty_end_has_no_end()
    {
        RangeDescriptor descriptor = StateFixture.Descriptor() with { End = Array.Empty<byte>() };
        Assert.That(descriptor.End, Is.Null);
        Assert.That(descriptor.Contains("z"u8), Is.True);
    }

    private void Damage(int offset, int length)
    {
        // The WAL still has sound copies of the pages, and would be replayed.
        File.Delete(_state.StatePath + "-wal");
        byte[] bytes = File.ReadAllBytes(_state.StatePath);
        bytes.AsSpan(offset, length).Fill(0xEE);
        File.WriteAllBytes(_state.StatePath, bytes);
    }

    private void Refused(RangeCheckpoint checkpoint, string why)
    {
        _state.State.Dispose();
        Assert.That(
            () => _state.Store.Open(StateFixture.Range, checkpoint),
            Throws.TypeOf<StorageRefusedException>().With.Message.Contains(why));
    }
}
