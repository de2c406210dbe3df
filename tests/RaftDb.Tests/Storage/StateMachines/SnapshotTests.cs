using RaftDb.Raft;
using RaftDb.Raft.Membership;
using RaftDb.Storage;
using RaftDb.Storage.Binlog;
using RaftDb.Storage.StateMachines;
using RaftDb.Storage.StateMachines.Snapshots;

namespace RaftDb.Tests.Storage.StateMachines;

public class SnapshotTests
{
    private StateFixture _source = null!;
    private StateFixture _target = null!;

    [SetUp]
    public void SetUp()
    {
        _source = new(options: new() { SnapshotStepPages = 3 });
        _target = new();
        for (int i = 0; i < 50; i++)
        {
            _source.Do(StateFixture.Put($"k{i:D3}", new string('x', 700)), StateFixture.Put($"t{i:D3}", "v", 100_000));
        }
    }

    [TearDown]
    public void TearDown()
    {
        _source.Dispose();
        _target.Dispose();
    }

    [Test]
    public void A_copy_becomes_an_equal_replica_that_goes_on_from_there()
    {
        using ISnapshotSource snapshot = _source.State.BeginSnapshot();
        StateDigest digest = _source.State.ComputeDigest(default);
        _source.Do(StateFixture.Put("later", "1"));
        using ISnapshotSink sink = _target.Store.BeginReceive(StateFixture.Range);
        Transfer(snapshot, sink);
        (IStateMachine state, RangeCheckpoint checkpoint) = sink.Complete(snapshot.Header);
        using (state)
        {
            sink.Keep();
            Assert.That(state.ComputeDigest(default), Is.EqualTo(digest));
            Assert.That(state.Applied, Is.EqualTo(snapshot.Metadata.Position).And.EqualTo(checkpoint.Position));
            Assert.That(state.EarliestExpiry, Is.EqualTo(_source.State.EarliestExpiry));
            Assert.That(state.Size.Keys, Is.EqualTo(100));
            Assert.That(checkpoint.StateFile, Is.EqualTo("state-2.db"), "the generation after the highest one there");
            state.Apply([StateFixture.EntryOf(51, new RaftDb.Storage.StateMachines.Commands.TransactionCommand(HybridTimestamp.Of(1000, 0), 1, [], [StateFixture.Put("later", "1")], []))], [], []);
            Assert.That(state.ComputeDigest(default), Is.EqualTo(_source.State.ComputeDigest(default)));
        }

        _target.Reopen(checkpoint);
        Assert.That(_target.Value("later"), Is.EqualTo("1"));
        Assert.That(Files(_target), Has.None.StartsWith("state-1.db"), "the old generation goes at open");
    }

    [Test]
    public void Copies_made_while_writes_go_on_are_each_of_one_index()
    {
        using var stop = new CancellationTokenSource();
        Task writer = Task.Run(() =>
        {
            for (int i = 0; !stop.IsCancellationRequested; i++)
            {
                _source.Do(StateFixture.Put("left", i.ToString()), StateFixture.Put("right", i.ToString()), StateFixture.Put($"k{i % 50:D3}", new string('z', 900)));
            }
        });
        try
        {
            for (int run = 0; run < 8; run++)
            {
                using ISnapshotSource snapshot = _source.State.BeginSnapshot();
                using ISnapshotSink sink = _target.Store.BeginReceive(StateFixture.Range);
                Transfer(snapshot, sink);
                using IStateMachine state = sink.Complete(snapshot.Header).State;
                using var view = state.OpenReadView();
                bool left = view.TryGet("left"u8, out var a);
                bool right = view.TryGet("right"u8, out var b);
                Assert.That((left, left ? StateFixture.Text(a.Value) : ""), Is.EqualTo((right, right ? StateFixture.Text(b.Value) : "")));
                Assert.That(a.Index, Is.EqualTo(left ? state.Applied.Index.Value : 0), "every later entry writes it");
            }
        }
        finally
        {
            stop.Cancel();
            writer.Wait();
        }
    }

    [Test]
    public void A_transfer_goes_on_where_it_was_interrupted()
    {
        using ISnapshotSource snapshot = _source.State.BeginSnapshot();
        using ISnapshotSink sink = _target.Store.BeginReceive(StateFixture.Range);
        byte[] buffer = new byte[1000];
        sink.Write(buffer.AsSpan(0, snapshot.Read(buffer, 0)));
        Assert.That(sink.Received, Is.EqualTo(1000));
        Transfer(snapshot, sink);
        using IStateMachine state = sink.Complete(snapshot.Header).State;
        Assert.That(state.Applied, Is.EqualTo(_source.State.Applied));
    }

    [Test]
    public void What_differs_from_its_header_is_refused_and_leaves_nothing()
    {
        using ISnapshotSource snapshot = _source.State.BeginSnapshot();
        SnapshotHeader header = snapshot.Header;
        Refused(snapshot, header, _ => { }, cut: 1, "bytes came");
        Refused(snapshot, header, bytes => bytes[5000] ^= 1, cut: 0, "SHA-256");
        Refused(snapshot, header with { Metadata = header.Metadata with { Position = new(new(51), new(1)) } }, _ => { }, cut: 0, "holds index 50");
        Assert.That(Files(_target).Where(f => StateDirectory.Generation(f) is > 1), Is.Empty);
    }

    [Test]
    public void Damage_that_the_sender_had_already_is_found_by_sqlite()
    {
        using ISnapshotSource snapshot = _source.State.BeginSnapshot();
        byte[] bytes = All(snapshot);
        bytes.AsSpan(4096 * 5, 4096).Fill(0xEE);
        SnapshotHeader header = snapshot.Header with { Sha256 = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(bytes)) };
        using ISnapshotSink sink = _target.Store.BeginReceive(StateFixture.Range);
        sink.Write(bytes);
        Assert.That(() => sink.Complete(header), Throws.TypeOf<StorageRefusedException>());
    }

    [Test]
    public void A_copy_of_another_range_is_refused()
    {
        using ISnapshotSource snapshot = _source.State.BeginSnapshot();
        using ISnapshotSink sink = _target.Store.BeginReceive(new(3));
        Transfer(snapshot, sink);
        Assert.That(() => sink.Complete(snapshot.Header), Throws.TypeOf<StorageRefusedException>().With.Message.Contains("another range"));
    }

    [Test]
    public void A_crash_before_the_commit_point_leaves_the_old_state_and_after_it_the_new_one()
    {
        RangeCheckpoint old = StateFixture.CheckpointOf(_target.State);
        using ISnapshotSource snapshot = _source.State.BeginSnapshot();
        using ISnapshotSink sink = _target.Store.BeginReceive(StateFixture.Range);
        Transfer(snapshot, sink);
        (IStateMachine state, RangeCheckpoint fresh) = sink.Complete(snapshot.Header);
        state.Dispose();
        sink.Keep();
        string saved = _target.RangeDirectory + "-saved";
        Directory.Move(_target.RangeDirectory, saved);
        foreach ((RangeCheckpoint recorded, ulong applied) in ((RangeCheckpoint, ulong)[])[(old, 0), (fresh, 50)])
        {
            Directory.CreateDirectory(_target.RangeDirectory);
            foreach (string file in Directory.GetFiles(saved))
            {
                File.Copy(file, Path.Combine(_target.RangeDirectory, Path.GetFileName(file)), overwrite: true);
            }

            _target.Reopen(recorded);
            Assert.That(_target.State.Applied.Index.Value, Is.EqualTo(applied));
            Assert.That(Files(_target), Has.All.StartsWith(recorded.StateFile));
        }
    }

    [Test]
    public void Disposing_drops_the_copy_and_a_start_drops_what_a_crash_left()
    {
        ISnapshotSource snapshot = _source.State.BeginSnapshot();
        Assert.That(Files(_source), Has.Some.EqualTo("outgoing-1.db"));
        Assert.That(Files(_source), Has.None.StartsWith("outgoing-1.db-"));
        snapshot.Dispose();
        Assert.That(Files(_source), Has.None.StartsWith("outgoing"));
        foreach (string left in (string[])["outgoing-7.db", "state-9.db", "state-9.db-wal", "state-10.db-shm", "outgoing-7.db-journal"])
        {
            File.WriteAllText(Path.Combine(_source.RangeDirectory, left), "left over");
        }

        File.WriteAllText(Path.Combine(_source.RangeDirectory, "notes.txt"), "not ours");
        _source.Reopen();
        Assert.That(Files(_source).Where(f => !f.StartsWith("state-1.db", StringComparison.Ordinal)), Is.EqualTo((string[])["notes.txt"]));
    }

    [Test]
    public void A_generation_is_not_used_twice_even_when_only_a_companion_is_left()
    {
        File.WriteAllText(Path.Combine(_target.RangeDirectory, "state-7.db-wal"), "left over");
        using ISnapshotSink first = _target.Store.BeginReceive(StateFixture.Range);
        first.Dispose();
        using ISnapshotSink second = _target.Store.BeginReceive(StateFixture.Range);
        Assert.That(Files(_target), Has.Some.EqualTo("state-9.db"));
    }

    [Test]
    public void A_backup_becomes_a_replica_with_other_members()
    {
        using ISnapshotSource snapshot = _source.State.BeginSnapshot();
        RangeDescriptor descriptor = StateFixture.Descriptor() with { Replicas = [new(new(7), new(4))], Generation = 2 };
        using var data = new MemoryStream(All(snapshot));
        RangeCheckpoint checkpoint = _target.Store.ImportSnapshot(snapshot.Header, data, descriptor, Configuration.OfVoters(new ReplicaId(7)));
        Assert.That(Files(_target), Has.None.EqualTo("state-2.db-journal"));
        _target.Reopen(checkpoint);
        Assert.That(_target.State.Applied, Is.EqualTo(_source.State.Applied));
        Assert.That(_target.State.Configuration.Voters, Is.EqualTo((ReplicaId[])[new(7)]));
        Assert.That((_target.State.Descriptor.Generation, _target.State.Descriptor.NodeOf(new(7))), Is.EqualTo((2UL, new NodeId(4))));
        Assert.That(_target.Dump(), Is.EqualTo(_source.Dump()));
    }

    private void Refused(ISnapshotSource snapshot, SnapshotHeader header, Action<byte[]> damage, int cut, string why)
    {
        byte[] bytes = All(snapshot);
        damage(bytes);
        using ISnapshotSink sink = _target.Store.BeginReceive(StateFixture.Range);
        sink.Write(bytes.AsSpan(0, bytes.Length - cut));
        Assert.That(() => sink.Complete(header), Throws.TypeOf<StorageRefusedException>().With.Message.Contains(why));
    }

    private static byte[] All(ISnapshotSource snapshot)
    {
        byte[] bytes = new byte[snapshot.Header.Length];
        Assert.That(snapshot.Read(bytes, 0), Is.EqualTo(bytes.Length));
        Assert.That(snapshot.Read(new byte[1], bytes.Length), Is.Zero);
        return bytes;
    }

    private static void Transfer(ISnapshotSource snapshot, ISnapshotSink sink)
    {
        byte[] buffer = new byte[10_000];
        int read;
        while ((read = snapshot.Read(buffer, sink.Received)) > 0)
        {
            sink.Write(buffer.AsSpan(0, read));
        }
    }

    private static string[] Files(StateFixture fixture) =>
        [.. Directory.GetFiles(fixture.RangeDirectory).Select(f => Path.GetFileName(f)).Order(StringComparer.Ordinal)];
}
