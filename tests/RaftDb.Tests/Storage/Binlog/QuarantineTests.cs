using RaftDb.Raft;
using RaftDb.Storage.Binlog;
using RaftDb.Tests.Storage.Disk;
using static RaftDb.Tests.Storage.Binlog.BinlogTestLog;

namespace RaftDb.Tests.Storage.Binlog;

/// <summary>A replica that was found damaged while the node ran stays suspect; a removed one never comes back.</summary>
public class QuarantineTests
{
    [Test]
    public void A_quarantined_replica_is_suspect_after_a_restart_and_keeps_its_log()
    {
        var disk = new MemoryDisk();
        using (NodeBinlog log = Open(disk))
        {
            log.CreateReplica(Range(2), new ReplicaId(1), Checkpoint(2));
            log.Write(2, Entries(1, 5, 1), Hard(1, 1, 5));
            bool done = false;
            log.MarkSuspect(Range(2), new ReplicaId(1), "its rows differ", () => done = true);
            log.Drive();
            Assert.That(done);
        }

        using NodeBinlog again = Open(disk);
        RecoveredReplica replica = again.Replica(2);
        Assert.That(replica.Suspicion, Is.EqualTo("its rows differ"));
        Assert.That(replica.Last, Is.EqualTo(new LogIndex(5)));
    }

    [Test]
    public void A_quarantine_that_was_answered_survives_a_power_cut()
    {
        for (int seed = 0; seed < 20; seed++)
        {
            var disk = new MemoryDisk();
            NodeBinlog log = Open(disk);
            log.CreateReplica(Range(2), new ReplicaId(1), Checkpoint(2));
            bool done = false;
            log.MarkSuspect(Range(2), new ReplicaId(1), "why", () => done = true);
            log.Drive();
            Assert.That(done);
            using NodeBinlog again = Open(disk.PowerCut(new Random(seed)));
            Assert.That(again.Replica(2).Suspicion, Is.EqualTo("why"), $"SEED={seed}");
        }
    }

    [Test]
    public void A_quarantine_of_a_replica_that_has_been_replaced_meanwhile_does_nothing()
    {
        var disk = new MemoryDisk();
        using (NodeBinlog log = Open(disk))
        {
            log.CreateReplica(Range(2), new ReplicaId(1), Checkpoint(2));
            log.RemoveReplica(Range(2), new ReplicaId(1), () => { });
            log.CreateReplica(Range(2), new ReplicaId(4), Checkpoint(2));
            bool done = false;
            log.MarkSuspect(Range(2), new ReplicaId(1), "old news", () => done = true);
            log.Drive();
            Assert.That(done);
        }

        using NodeBinlog again = Open(disk);
        Assert.That(again.Replica(2).Suspicion, Is.Null);
        Assert.That(again.Replica(2).Replica, Is.EqualTo(new ReplicaId(4)));
    }

    [Test]
    public void D7_an_id_that_was_here_never_begins_again_also_after_a_restart()
    {
        var disk = new MemoryDisk();
        using (NodeBinlog log = Open(disk))
        {
            log.CreateReplica(Range(2), new ReplicaId(3), Checkpoint(2));
            Assert.That(log.MayBegin(Range(2), new ReplicaId(3)), Is.False, "it is here");
            Assert.That(log.MayBegin(Range(2), new ReplicaId(2)), Is.False, "an older one");
            Assert.That(log.MayBegin(Range(2), new ReplicaId(4)), "a later one takes its place");
            log.RemoveReplica(Range(2), new ReplicaId(3), () => { });
            log.Drive();
        }

        using NodeBinlog again = Open(disk);
        Assert.That(again.Find(Range(2)), Is.Null);
        Assert.That(again.MayBegin(Range(2), new ReplicaId(3)), Is.False);
        Assert.That(again.MayBegin(Range(2), new ReplicaId(1)), Is.False);
        Assert.That(again.MayBegin(Range(2), new ReplicaId(4)));
        Assert.That(again.MayBegin(Range(9), new ReplicaId(1)), "a range that never was here");
    }
}
