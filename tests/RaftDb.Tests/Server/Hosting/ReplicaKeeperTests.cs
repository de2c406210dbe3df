using Microsoft.Extensions.Logging.Abstractions;
using RaftDb.Raft;
using RaftDb.Server.Hosting;
using RaftDb.Server.Options;
using RaftDb.Server.Ranges;
using RaftDb.Server.Replicas;
using RaftDb.Storage;
using RaftDb.Storage.Binlog;
using RaftDb.Tests.Server.Replicas;

namespace RaftDb.Tests.Server.Hosting;

/// <summary>Replicas that come and go while the node runs.</summary>
internal sealed class ReplicaKeeperTests
{
    private ReplicaHarness _node = null!;
    private LocalReplicas _replicas = null!;
    private TroubleBook _troubles = null!;
    private HaltMarks _marks = null!;
    private ReplicaStore _store = null!;
    private ReplicaKeeper _keeper = null!;

    [SetUp]
    public void SetUp() => SetUp(new ReplicaHarness(1, 2, 3));

    [TearDown]
    public void TearDown()
    {
        foreach (Replica replica in _replicas.All.Where(r => r != _node.Replica))
        {
            replica.State.Retire(() => { });
        }

        _node.Dispose();
    }

    [Test]
    public void A_leaders_word_begins_a_replica_that_is_empty_and_durable()
    {
        RangeId other = new(7);
        _keeper.Begin(other, new(4), new(2));
        Replica begun = _replicas.Find(other)!;
        Assert.That((begun.Id, begun.IsBlank), Is.EqualTo((new ReplicaId(4), true)));
        Assert.That(_replicas.FindServing(other), Is.Null, "it has nothing to show");
        Assert.That(_node.Binlog.Find(other)!.Value.Replica, Is.EqualTo(new ReplicaId(4)));
    }

    [Test]
    public void A_blank_replica_is_there_again_after_a_restart()
    {
        _keeper.Begin(new(7), new(4), new(2));
        _replicas.Find(new(7))!.State.Retire(() => { });
        using NodeBinlog again = RaftDb.Tests.Storage.Binlog.BinlogTestLog.Open(_node.Disk.Clone());
        LocalReplicas reopened = new();
        _store.OpenAll([.. again.Recovered.Where(r => r.Range == new RangeId(7))], reopened, _troubles);
        Assert.That(reopened.Find(new(7))!.IsBlank);
        reopened.Find(new(7))!.State.Retire(() => { });
        _replicas.Remove(_replicas.Find(new(7))!);
    }

    [Test]
    public async Task A_message_under_a_new_id_gives_the_old_replica_up_with_its_file()
    {
        string file = Path.Combine(_node.Data, "ranges", "2", _node.Replica!.State.Machine.FileName);
        await WhileReplicaRunsAsync(() => _keeper.Begin(ReplicaHarness.Range, new(4), new(2)));
        Assert.That(_replicas.Find(ReplicaHarness.Range)!.Id, Is.EqualTo(new ReplicaId(4)));
        Assert.That(_node.Replica.Halted, Does.Contain("replica 4 takes its place"));
        Assert.That(File.Exists(file), Is.False);
        Assert.That(_node.Binlog.Tombstones, Does.Contain(new Tombstone(ReplicaHarness.Range, new ReplicaId(1))));
    }

    [Test]
    public void D7_a_message_under_an_older_id_begins_nothing()
    {
        _keeper.Begin(new(7), new(4), new(2));
        _keeper.Begin(new(7), new(3), new(2));
        _keeper.Begin(new(7), new(4), new(2));
        Assert.That(_replicas.Find(new(7))!.Id, Is.EqualTo(new ReplicaId(4)));
        Assert.That(_node.Background.Count(b => b.StartsWith("beginning", StringComparison.Ordinal)), Is.EqualTo(1));
    }

    [Test]
    public async Task A_removed_replica_goes_and_its_id_never_begins_again()
    {
        await WhileReplicaRunsAsync(() => _keeper.Remove(ReplicaHarness.Range, new(1)));
        Assert.That(_replicas.Find(ReplicaHarness.Range), Is.Null);
        _keeper.Begin(ReplicaHarness.Range, new(1), new(2));
        Assert.That(_replicas.Find(ReplicaHarness.Range), Is.Null);
    }

    [Test]
    public void The_removal_of_another_replica_than_the_one_here_changes_nothing()
    {
        _keeper.Remove(ReplicaHarness.Range, new(9));
        Assert.That(_replicas.Find(ReplicaHarness.Range), Is.SameAs(_node.Replica));
        Assert.That(_node.Replica!.Halted, Is.Null);
    }

    [Test]
    public void A_quarantined_replica_halts_at_once_and_is_refused_after_a_restart()
    {
        Task quarantined = _keeper.QuarantineAsync(ReplicaHarness.Range, new(1), "its rows differ");
        _node.Pass();
        Assert.That((quarantined.IsCompletedSuccessfully, _node.Replica!.Halted), Is.EqualTo((true, "its rows differ")));
        Assert.That(_troubles.Own.Single(), Is.EqualTo(new Trouble(ReplicaHarness.Range, new(1), "its rows differ", true)));
        Reopen();
        Assert.That(_troubles.Own.Single(t => t.Reason.Contains("suspect", StringComparison.Ordinal)).Reason, Does.Contain("its rows differ"));
    }

    [Test]
    public async Task A_suspect_replica_is_replaced_under_a_new_id_and_its_trouble_is_over()
    {
        Task quarantined = _keeper.QuarantineAsync(ReplicaHarness.Range, new(1), "its rows differ");
        _node.Pass();
        await quarantined;
        using NodeBinlog again = Reopen(withThreads: true);
        SetUpOver(again);
        _store.OpenAll(again.Recovered, _replicas, _troubles);
        Assert.That((_troubles.Own.Count, _replicas.Find(ReplicaHarness.Range)), Is.EqualTo((1, (Replica?)null)));
        _keeper.Begin(ReplicaHarness.Range, new(4), new(2));
        await Until.TrueAsync(() => _keeper.IsIdle, "the new replica");
        Assert.That(_troubles.Own, Is.Empty);
        Assert.That(_replicas.Find(ReplicaHarness.Range)!.Id, Is.EqualTo(new ReplicaId(4)));
        Assert.That(Directory.GetFiles(Path.Combine(_node.Data, "ranges", "2"), "*.db"), Has.Length.EqualTo(1));
    }

    [Test]
    public void H3_a_marked_replica_stays_halted_after_a_restart_and_the_others_serve()
    {
        _keeper.Begin(new(7), new(4), new(2));
        _marks.Write(ReplicaHarness.Range, new(1), new(5), new(5), "two is three");
        LocalReplicas reopened = Reopened();
        Trouble trouble = _troubles.Own.Single();
        Assert.That((trouble.Range, trouble.Replica, trouble.Rebuild), Is.EqualTo((ReplicaHarness.Range, new ReplicaId(1), true)));
        Assert.That(trouble.Reason, Is.EqualTo("Applying entry 5 broke an invariant: two is three"));
        Assert.That(reopened.All.Select(r => r.Range.Value), Is.EqualTo((ulong[])[7]));
        reopened.All.Single().State.Retire(() => { });
    }

    [Test]
    public void H3_without_its_mark_the_replica_tries_again()
    {
        _marks.Write(ReplicaHarness.Range, new(1), new(5), new(8), "two is three");
        Assert.That(_marks.Read(ReplicaHarness.Range, new(1)), Does.Contain("one of the entries 5 to 8"));
        Assert.That(_marks.Read(ReplicaHarness.Range, new(2)), Is.Null, "a mark is that of one replica");
        Assert.That(_marks.Clear(ReplicaHarness.Range), Is.EqualTo(1));
        LocalReplicas reopened = Reopened();
        Assert.That(reopened.Find(ReplicaHarness.Range), Is.Not.Null);
        reopened.Find(ReplicaHarness.Range)!.State.Retire(() => { });
    }

    private void SetUp(ReplicaHarness node)
    {
        _node = node;
        SetUpOver(node.Binlog);
        _replicas.Add(node.Replica!);
    }

    private void SetUpOver(NodeBinlog binlog)
    {
        _replicas = new();
        _troubles = new(ReplicaHarness.Here, _replicas, _node);
        _marks = new(_node.Data);
        NodeOptions options = new() { Node = new NodeSection { Id = 1, Data = _node.Data } };
        _store = new(options, binlog, _node.Store, _node, _marks, [], NullLogger.Instance);
        _keeper = new(_store.CreateBlank, binlog, _node.Store, range => _marks.Clear(range), _replicas, _troubles, _node, NullLogger.Instance);
    }

    /// <summary>What a start after a crash finds in the log.</summary>
    private NodeBinlog Reopen(bool withThreads = false)
    {
        _replicas.Remove(_node.Replica!);
        _node.Replica!.State.Retire(() => { });
        _node.Replica = null;
        NodeBinlog again = RaftDb.Tests.Storage.Binlog.BinlogTestLog.Open(_node.Disk.Clone(), RaftDb.Tests.Storage.Binlog.BinlogTestLog.Options with { OwnThreads = withThreads });
        _store.OpenAll(again.Recovered, new LocalReplicas(), _troubles);
        return again;
    }

    private LocalReplicas Reopened()
    {
        foreach (Replica replica in _replicas.All.ToArray())
        {
            replica.State.Retire(() => { });
            _replicas.Remove(replica);
        }

        _node.Replica = null;
        using NodeBinlog again = RaftDb.Tests.Storage.Binlog.BinlogTestLog.Open(_node.Disk.Clone());
        LocalReplicas reopened = new();
        _store.OpenAll(again.Recovered, reopened, _troubles);
        return reopened;
    }

    /// <summary>Giving a replica up waits for its loop and for the log, which the test drives.</summary>
    private async Task WhileReplicaRunsAsync(Action act)
    {
        act();
        await Until.TrueAsync(
            () =>
            {
                _node.Pass();
                return _keeper.IsIdle;
            },
            "the end of the work on the replica");
    }
}
