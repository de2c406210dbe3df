using RaftDb.Raft;
using RaftDb.Raft.Log;
using RaftDb.Storage.Binlog;
using RaftDb.Tests.Storage.Disk;
using static RaftDb.Tests.Storage.Binlog.BinlogTestLog;

namespace RaftDb.Tests.Storage.Binlog;

public class RelocationTests
{
    [Test]
    public void A_range_that_never_checkpoints_does_not_pin_the_disk()
    {
        var disk = new MemoryDisk();
        var slow = new List<Entry>();
        using (NodeBinlog log = Open(disk))
        {
            log.CreateReplica(Range(2), new ReplicaId(1), Checkpoint(2));
            log.CreateReplica(Range(3), new ReplicaId(1), Checkpoint(3));
            log.Write(2, [], Hard(7, 3, 0));
            int most = 0;
            for (ulong i = 0; i < 400; i++)
            {
                if (i % 10 == 0)
                {
                    Entry[] few = Entries((i / 10) + 1, 1, 7, size: 500);
                    slow.AddRange(few);
                    Assert.That(log.Write(2, few), Is.True);
                }

                Assert.That(log.Write(3, Entries((i * 10) + 1, 10, 1, size: 300), Hard(1, 1, i * 10)), Is.True);
                log.Checkpoint(Checkpoint(3, (i * 10) + 8, 1));
                most = Math.Max(most, log.Statistics.Segments);
            }

            Assert.That(most, Is.LessThan(10), "400 rounds fill about 25 segments");
            Assert.That(slow.Select(Text), Is.EqualTo(ReadRange(log, 2, 1, 40)), "read while open");
        }

        MemoryDisk left = disk.Clone();
        using NodeBinlog again = Open(left);
        Assert.That(again.Damages, Is.Empty);
        RecoveredReplica replica = again.Replica(2);
        Assert.That(replica.Suspicion, Is.Null);
        Assert.That(replica.HardState, Is.EqualTo(Hard(7, 3, 0)));
        Assert.That(replica.Checkpoint!.StateFile, Is.EqualTo("state-1.db"));
        Assert.That(again.ReadAll(replica), Is.EqualTo(slow.Select(Text)));
        Assert.That(again.Replica(3).Suspicion, Is.Null);
    }

    [Test]
    public void Idle_replicas_and_tombstones_survive_the_segments_that_they_were_written_in()
    {
        var disk = new MemoryDisk();
        using (NodeBinlog log = Open(disk))
        {
            for (ulong range = 10; range < 200; range++)
            {
                log.CreateReplica(Range(range), new ReplicaId(1), Checkpoint(range));
                log.Write(range, [], Hard(range, 2, 0));
            }

            log.RemoveReplica(Range(10), new ReplicaId(1), () => { });
            log.CreateReplica(Range(3), new ReplicaId(1), Checkpoint(3));
            string firstFile = disk.Names.First();
            for (ulong i = 0; i < 200; i++)
            {
                log.Write(3, Entries((i * 10) + 1, 10, 1, size: 300), Hard(1, 1, i * 10));
                log.Checkpoint(Checkpoint(3, (i * 10) + 8, 1));
            }

            Assert.That(disk.Exists(firstFile), Is.False);
            Assert.That(log.Statistics.Segments, Is.LessThan(8));
        }

        using NodeBinlog again = Open(disk);
        Assert.That(again.Tombstones, Is.EqualTo(new[] { new Tombstone(Range(10), new ReplicaId(1)) }));
        Assert.That(again.Recovered, Has.Count.EqualTo(190));
        foreach (RecoveredReplica replica in again.Recovered.Where(r => r.Range.Value > 10))
        {
            Assert.That(replica.Suspicion, Is.Null);
            Assert.That(replica.HardState, Is.EqualTo(Hard(replica.Range.Value, 2, 0)));
        }
    }

    [Test]
    public void Relocated_entries_that_are_overwritten_later_do_not_come_back()
    {
        var disk = new MemoryDisk();
        using (NodeBinlog log = Open(disk))
        {
            log.CreateReplica(Range(2), new ReplicaId(1), Checkpoint(2));
            log.CreateReplica(Range(3), new ReplicaId(1), Checkpoint(3));
            log.Write(2, Entries(1, 20, 1, size: 100), Hard(1, 1, 0));
            for (ulong i = 0; i < 150; i++)
            {
                log.Write(3, Entries((i * 10) + 1, 10, 1, size: 300), Hard(1, 1, i * 10));
                log.Checkpoint(Checkpoint(3, (i * 10) + 8, 1));
            }

            Assert.That(disk.Exists("binlog/00000001.binlog"), Is.False, "range 2 was relocated");
            log.Write(2, Entries(11, 2, 2, size: 50), Hard(2, 1, 10));
        }

        using NodeBinlog again = Open(disk);
        Assert.That(again.Replica(2).Suspicion, Is.Null);
        Assert.That(again.ReadAll(again.Replica(2)), Is.EqualTo(Entries(1, 10, 1, size: 100).Concat(Entries(11, 2, 2, size: 50)).Select(Text)));
    }

    [Test]
    public void A_segment_that_nobody_needs_any_more_may_go_while_it_is_being_emptied()
    {
        var disk = new MemoryDisk();
        using NodeBinlog log = Open(disk);
        log.CreateReplica(Range(2), new ReplicaId(1), Checkpoint(2));
        log.Write(2, [], Hard(1, 1, 0));
        log.CreateReplica(Range(3), new ReplicaId(1), Checkpoint(3));
        for (ulong i = 0; i < 60; i++)
        {
            log.Write(3, Entries((i * 10) + 1, 10, 1, size: 300), Hard(1, 1, i * 10));
        }

        Assert.That(log.Statistics.Segments, Is.GreaterThan(2));
        log.Checkpoint(Checkpoint(3, 590, 1));

        // All that still stands in the first segment is what range 2 says of itself, and range 2 goes just when the segment is begun to be emptied; each checkpoint is a batch
        // of its own, with the next slice of the segment.
        int done = 0;
        log.RemoveReplica(Range(2), new ReplicaId(1), () => done++);
        for (ulong i = 591; i < 595; i++)
        {
            log.RecordCheckpoint(Range(3), Checkpoint(3, i, 1), null, _ => done++);
        }

        log.Drive();

        Assert.That(done, Is.EqualTo(5));
        Assert.That(disk.Exists("binlog/00000001.binlog"), Is.False);
        Assert.That(log.Write(3, Entries(601, 10, 1, size: 300)));
    }

    [Test]
    public void The_retained_tail_is_counted_in_entries_and_in_bytes_and_a_pin_holds_it_back()
    {
        var disk = new MemoryDisk();
        using NodeBinlog log = Open(disk, Options with { RetainedEntries = 100, RetainedBytes = 1 << 20 });
        log.CreateReplica(Range(2), new ReplicaId(1), Checkpoint(2));
        for (ulong i = 0; i < 100; i++)
        {
            log.Write(2, Entries((i * 10) + 1, 10, 1), Hard(1, 1, 0));
        }

        Assert.That(log.Checkpoint(Checkpoint(2, 500, 1), pin: 50)!.Value.Index.Value, Is.EqualTo(50));
        Assert.That(log.Checkpoint(Checkpoint(2, 600, 1))!.Value.Index.Value, Is.EqualTo(500));
        Assert.That(log.Checkpoint(Checkpoint(2, 550, 1))!.Value.Index.Value, Is.EqualTo(500), "an old checkpoint changes nothing");
    }

    [Test]
    public void The_retained_tail_is_bounded_in_bytes()
    {
        var disk = new MemoryDisk();
        using NodeBinlog log = Open(disk, Options with { RetainedEntries = 1_000_000, RetainedBytes = 400 * 100 });
        log.CreateReplica(Range(2), new ReplicaId(1), Checkpoint(2));
        for (ulong i = 0; i < 200; i++)
        {
            log.Write(2, Entries((i * 10) + 1, 10, 1, size: 352), Hard(1, 1, 0)); // 400 bytes each on the disk
        }

        ulong floor = log.Checkpoint(Checkpoint(2, 2000, 1))!.Value.Index.Value;
        Assert.That(floor, Is.InRange(2000 - 100UL, 2000 - 90UL));
    }

    private static IEnumerable<string> ReadRange(NodeBinlog log, ulong range, ulong from, ulong to)
    {
        var entries = new List<Entry>();
        log.Reader(Range(range)).Read(new LogIndex(from), new LogIndex(to), int.MaxValue, entries);
        return entries.Select(Text);
    }
}
