using RaftDb.Raft;
using RaftDb.Raft.Log;
using RaftDb.Storage;
using RaftDb.Storage.Binlog;
using RaftDb.Tests.Storage.Disk;
using static RaftDb.Tests.Storage.Binlog.BinlogTestLog;

namespace RaftDb.Tests.Storage.Binlog;

public class RoundTripTests
{
    [Test]
    public void What_was_written_is_there_after_reopening()
    {
        var disk = new MemoryDisk();
        using (NodeBinlog log = Open(disk))
        {
            log.CreateReplica(Range(2), new ReplicaId(1), Checkpoint(2));
            Assert.That(log.Write(2, Entries(1, 10, 1), Hard(1, 1, 0)), Is.True);
            Assert.That(log.Write(2, Entries(11, 5, 3), Hard(3, 2, 9)), Is.True);
        }

        using NodeBinlog again = Open(disk);
        RecoveredReplica replica = again.Replica(2);
        Assert.Multiple(() =>
        {
            Assert.That(again.Damages, Is.Empty);
            Assert.That(replica.Suspicion, Is.Null);
            Assert.That(replica.HardState, Is.EqualTo(Hard(3, 2, 9)));
            Assert.That(replica.Last, Is.EqualTo(new LogIndex(15)));
            Assert.That(replica.TermRuns, Is.EqualTo(new TermRun[] { new(new LogIndex(1), new Term(1)), new(new LogIndex(11), new Term(3)) }));
            Assert.That(again.ReadAll(replica), Is.EqualTo(Entries(1, 10, 1).Concat(Entries(11, 5, 3)).Select(Text)));
            Assert.That(replica.Checkpoint!.Descriptor.Start.ToArray(), Is.EqualTo("a"u8.ToArray()));
            Assert.That(replica.Checkpoint.Descriptor.End!.Value.ToArray(), Is.EqualTo("z"u8.ToArray()));
            Assert.That(replica.Checkpoint.Descriptor.Generation, Is.EqualTo(3));
            Assert.That(replica.Checkpoint.Descriptor.Replicas, Is.EqualTo(Checkpoint(2).Descriptor.Replicas));
            Assert.That(replica.Checkpoint.Configuration.Voters, Is.EqualTo(Checkpoint(2).Configuration.Voters));
            Assert.That(replica.Checkpoint.StateFile, Is.EqualTo("state-1.db"));
        });
    }

    [Test]
    public void An_overwritten_suffix_does_not_come_back()
    {
        var disk = new MemoryDisk();
        using (NodeBinlog log = Open(disk))
        {
            log.CreateReplica(Range(2), new ReplicaId(1), Checkpoint(2));
            log.Write(2, Entries(1, 10, 1), Hard(1, 1, 0));
            log.Write(2, Entries(6, 2, 2), Hard(2, 0, 5));
        }

        using NodeBinlog again = Open(disk);
        Assert.That(again.ReadAll(again.Replica(2)), Is.EqualTo(Entries(1, 5, 1).Concat(Entries(6, 2, 2)).Select(Text)));
        Assert.That(again.Replica(2).Suspicion, Is.Null);
    }

    [Test]
    public void The_commit_index_never_goes_back()
    {
        var disk = new MemoryDisk();
        using (NodeBinlog log = Open(disk))
        {
            log.CreateReplica(Range(2), new ReplicaId(1), Checkpoint(2));
            log.Write(2, Entries(1, 10, 1), Hard(1, 1, 8));
            log.Write(2, [], Hard(2, 0, 3));
        }

        using NodeBinlog again = Open(disk);
        Assert.That(again.Replica(2).HardState, Is.EqualTo(Hard(2, 0, 8)));
    }

    [Test]
    public void A_snapshot_replaces_the_log_wholly()
    {
        var disk = new MemoryDisk();
        using (NodeBinlog log = Open(disk))
        {
            log.CreateReplica(Range(2), new ReplicaId(1), Checkpoint(2));
            log.Write(2, Entries(1, 10, 1), Hard(1, 1, 0));
            bool completed = false;
            log.InstallSnapshot(Range(2), new ReplicaId(1), Checkpoint(2, 100, 4), () => completed = true);
            log.Drive();
            Assert.That(completed, Is.True);
            log.Write(2, Entries(101, 2, 5), Hard(5, 3, 100));
        }

        using NodeBinlog again = Open(disk);
        RecoveredReplica replica = again.Replica(2);
        Assert.That(replica.Floor, Is.EqualTo(new LogPosition(new LogIndex(100), new Term(4))));
        Assert.That(again.ReadAll(replica), Is.EqualTo(Entries(101, 2, 5).Select(Text)));
        Assert.That(replica.HardState, Is.EqualTo(Hard(5, 3, 100)));
        Assert.That(replica.Suspicion, Is.Null);
    }

    [Test]
    public void A_removed_replica_stays_removed_and_its_successor_lives()
    {
        var disk = new MemoryDisk();
        using (NodeBinlog log = Open(disk))
        {
            log.CreateReplica(Range(2), new ReplicaId(1), Checkpoint(2));
            log.Write(2, Entries(1, 10, 1), Hard(1, 1, 0));
            log.RemoveReplica(Range(2), new ReplicaId(1), () => { });
            log.Drive();
            Assert.That(log.Write(2, Entries(11, 1, 1)), Is.False, "a late write of the removed replica");
            log.InstallSnapshot(Range(2), new ReplicaId(4), Checkpoint(2, 20, 1), () => { });
            log.Drive();
        }

        using NodeBinlog again = Open(disk);
        Assert.That(again.Tombstones, Is.EqualTo(new[] { new Tombstone(Range(2), new ReplicaId(1)) }));
        Assert.That(again.Replica(2).Replica, Is.EqualTo(new ReplicaId(4)));
        Assert.That(again.Replica(2).Suspicion, Is.Null);
    }

    [Test]
    public void A_write_larger_than_a_segment_gets_a_segment_of_its_size()
    {
        var disk = new MemoryDisk();
        Entry[] large = Entries(1, 3, 1, size: 100_000);
        using (NodeBinlog log = Open(disk))
        {
            log.CreateReplica(Range(2), new ReplicaId(1), Checkpoint(2));
            Assert.That(log.Write(2, large, Hard(1, 1, 0)), Is.True);
            Assert.That(log.Write(2, Entries(4, 3, 1)), Is.True);
        }

        using NodeBinlog again = Open(disk);
        Assert.That(again.ReadAll(again.Replica(2)), Is.EqualTo(large.Concat(Entries(4, 3, 1)).Select(Text)));
    }

    [Test]
    public void Batches_that_lie_across_the_pieces_that_are_read_at_once_come_back()
    {
        var disk = new MemoryDisk();
        BinlogOptions options = Options with { SegmentBytes = 8 << 20 };
        Entry[] all = [.. Enumerable.Range(0, 12).SelectMany(n => Entries((ulong)(n * 3) + 1, 3, 1, size: 50_000 * (n + 1)))];
        using (NodeBinlog log = Open(disk, options))
        {
            log.CreateReplica(Range(2), new ReplicaId(1), Checkpoint(2));
            foreach (Entry[] batch in all.Chunk(3))
            {
                Assert.That(log.Write(2, batch, Hard(1, 1, 0)), Is.True);
            }
        }

        using NodeBinlog again = Open(disk, options);
        Assert.That(again.Damages, Is.Empty);
        Assert.That(again.ReadAll(again.Replica(2)), Is.EqualTo(all.Select(Text)));
    }

    [Test]
    public void Segments_that_nobody_needs_are_used_again_and_their_old_records_never_return()
    {
        var disk = new MemoryDisk();
        BinlogOptions options = Options with { RecycledSegments = 2 };
        using (NodeBinlog log = Open(disk, options))
        {
            log.CreateReplica(Range(2), new ReplicaId(1), Checkpoint(2));
            for (ulong i = 0; i < 200; i++)
            {
                log.Write(2, Entries((i * 10) + 1, 10, 1, size: 200), Hard(1, 1, i * 10));
                if (i % 20 == 19)
                {
                    Assert.That(log.Checkpoint(Checkpoint(2, (i * 10) + 5, 1))!.Value.Index.Value, Is.EqualTo((i * 10) + 5));
                }
            }

            Assert.That(log.Statistics.Segments, Is.LessThan(4));
        }

        MemoryDisk killed = disk.Clone();
        using NodeBinlog again = Open(killed, options);
        RecoveredReplica replica = again.Replica(2);
        Assert.That(replica.Suspicion, Is.Null);
        Assert.That(again.Damages, Is.Empty);
        Assert.That(replica.Floor.Index.Value, Is.EqualTo(1995));
        Assert.That(replica.Last.Value, Is.EqualTo(2000));
        Assert.That(again.ReadAll(replica), Is.EqualTo(Entries(1996, 5, 1, size: 200).Select(Text)));
    }

    [Test]
    public void A_store_of_somebody_else_is_refused()
    {
        var disk = new MemoryDisk();
        Open(disk).Dispose();
        Assert.That(
            () => NodeBinlog.Open(disk, Folder, Identity with { Node = new NodeId(8) }, Options),
            Throws.TypeOf<StorageRefusedException>().With.Message.Contains("node 7"));
    }

    [Test]
    public void Durability_os_skips_the_sync_of_entries_but_not_of_votes()
    {
        var disk = new MemoryDisk();
        using NodeBinlog log = Open(disk, Options with { Durability = Durability.Os });
        log.CreateReplica(Range(2), new ReplicaId(1), Checkpoint(2));
        log.Write(2, Entries(1, 1, 1), Hard(1, 1, 0));
        long syncs = log.Statistics.Syncs;
        Assert.That(log.Write(2, Entries(2, 1, 1)), Is.True);
        Assert.That(log.Write(2, [], Hard(1, 1, 1)), Is.True);
        Assert.That(log.Statistics.Syncs, Is.EqualTo(syncs));
        Assert.That(log.Write(2, [], Hard(2, 1, 1)), Is.True);
        Assert.That(log.Statistics.Syncs, Is.EqualTo(syncs + 1));
    }

    [Test]
    public void After_the_machine_stopped_uncleanly_in_durability_os_every_replica_is_suspect_for_good()
    {
        var disk = new MemoryDisk();
        BinlogOptions os = Options with { Durability = Durability.Os };
        NodeBinlog log = Open(disk, os);
        log.CreateReplica(Range(2), new ReplicaId(1), Checkpoint(2));
        log.Write(2, Entries(1, 1, 1), Hard(1, 1, 0));

        MemoryDisk killed = disk.Clone();
        using (NodeBinlog sameBoot = Open(killed.Clone(), os))
        {
            Assert.That(sameBoot.Replica(2).Suspicion, Is.Null, "only the process died");
        }

        BinlogOptions nextBoot = Options with { BootId = new Guid(9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9) };
        using (NodeBinlog rebooted = Open(killed, nextBoot))
        {
            Assert.That(rebooted.Replica(2).Suspicion, Does.Contain("os"));
        }

        using (NodeBinlog later = Open(killed, nextBoot))
        {
            Assert.That(later.Replica(2).Suspicion, Does.Contain("os"), "it was written down");
        }

        log.Dispose();
        using NodeBinlog clean = Open(disk, nextBoot);
        Assert.That(clean.Replica(2).Suspicion, Is.Null, "a clean end");
    }
}
