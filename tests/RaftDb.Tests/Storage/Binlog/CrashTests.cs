using RaftDb.Raft;
using RaftDb.Storage.Binlog;
using RaftDb.Tests.Storage.Disk;
using static RaftDb.Tests.Storage.Binlog.BinlogTestLog;

namespace RaftDb.Tests.Storage.Binlog;

/// <summary>A fixed seed can be given in RAFTDB_SEED; every failure names the seed that it happened under.</summary>
public class CrashTests
{
    private static int FirstSeed => TestSeed.Draw();

    [Test]
    public void Random_histories_with_clean_and_killed_restarts_lose_nothing()
    {
        int first = FirstSeed;
        for (int seed = first; seed < first + 12; seed++)
        {
            var dice = new Random(seed);
            var disk = new MemoryDisk();
            BinlogOptions options = Options with { MaxBatchBytes = dice.Next(2) == 0 ? 4 << 20 : 2000, RecycledSegments = dice.Next(3) };
            var work = new BinlogWorkload(seed, largest: dice.Next(2) == 0 ? 3000 : 20_000, slow: dice.Next(2) == 0);
            NodeBinlog log = Open(disk, options);
            for (int step = 0; step < 400; step++)
            {
                Assert.That(work.Step(log), Is.True, $"RAFTDB_SEED={seed} step {step}");
                if (dice.Next(40) != 0)
                {
                    continue;
                }

                int how = dice.Next(3);
                if (how == 0)
                {
                    log.Dispose();
                }

                disk = how == 2 ? disk.PowerCut(dice) : disk.Clone();
                log = Open(disk, options);
                Assert.That(BinlogModel.Describe(log), Is.EqualTo(work.Acknowledged.ToString()), $"RAFTDB_SEED={seed} step {step} restart {how} {string.Join(" ", log.Damages)} {string.Join(" ", disk.Names)}");
                Assert.That(log.Damages, Is.Empty, $"RAFTDB_SEED={seed} step {step} restart {how}");
            }

            log.Dispose();
        }
    }

    [Test]
    public void A_segment_that_was_left_without_a_single_batch_in_it_is_not_damaged()
    {
        var disk = new MemoryDisk();
        using (NodeBinlog log = Open(disk))
        {
            log.CreateReplica(Range(2), new ReplicaId(1), Checkpoint(2));
            ulong index = 0;
            while (log.Statistics.Segments == 1)
            {
                log.Write(2, [Entry(++index, 1, "")], index == 1 ? Hard(1, 1, 0) : null);
                log.Write(2, []); // Waits for what is before it and needs no room of its own; for want of room for more it went on in the second segment.
            }
        }

        using (NodeBinlog log = Open(disk))
        {
            Assert.That(BinlogInspector.Verify(disk, Folder).Segments[1].Records, Is.Zero, "only marks stand there");
            log.Write(2, Entries(log.Replica(2).Last.Next.Value, 1, 1, size: 70_000), Hard(1, 1, 1)); // Too large for the second segment: a third one takes it.
        }

        using NodeBinlog last = Open(disk);
        Assert.That(last.Damages, Is.Empty);
        Assert.That(last.Replica(2).Suspicion, Is.Null);
        BinlogVerification verification = BinlogInspector.Verify(disk, Folder);
        Assert.That((string.Join(" ", verification.Damages), verification.TornTail), Is.EqualTo(("", (string?)null)));
    }

    [TestCase((int)DiskFault.ErrorOnce)]
    [TestCase((int)DiskFault.ErrorFromThenOn)]
    [TestCase((int)DiskFault.ShortWriteThenError)]
    public void Whichever_disk_operation_fails_nothing_acknowledged_is_lost_and_nothing_is_acknowledged_after(int faultNumber)
    {
        var fault = (DiskFault)faultNumber;
        int first = FirstSeed;
        bool reached = true;
        for (int n = 1; reached; n++)
        {
            int seed = first + (n % 5);
            string replay = $"RAFTDB_SEED={first} n={n} fault={fault}";
            var memory = new MemoryDisk();
            var disk = new FaultyDisk(memory, n, fault);
            var work = new BinlogWorkload(seed);
            try
            {
                NodeBinlog log = Open(disk, Options with { RecycledSegments = 1 });
                int step = 0;
                while (step < 60 && work.Step(log))
                {
                    step++;
                }

                Assert.That(step == 60 || log.Failed.IsCompleted, Is.True, replay);
                if (log.Failed.IsCompleted)
                {
                    Assert.That(log.Write(2, [], Hard(99, 1, 0), mustSync: false), Is.False, $"{replay}: acknowledged after a failure");
                }

                log.Dispose();
            }
            catch (RaftDb.Storage.StorageFailedException)
            {
                Assert.That(disk.WasReached, Is.True, replay);
            }

            reached = disk.WasReached;
            foreach (MemoryDisk left in new[] { memory.Clone(), memory.PowerCut(new Random(seed)), memory.PowerCut(new Random(seed + 1)) })
            {
                using NodeBinlog again = Open(left);
                AssertOneOf(BinlogModel.Describe(again), work, replay);
                Assert.That(again.Damages, Is.Empty, replay);
            }

            Assert.That(n, Is.LessThan(5000), "the run never got through");
        }
    }

    /// <summary>What comes first may be a write without records, which asks only to be told when everything before it is durable.</summary>
    [Test]
    public void Where_a_segment_ended_is_known_whatever_comes_first_in_the_next_one()
    {
        int rolled = 0;
        for (int size = 55_000; size < 58_000; size += 8)
        {
            var disk = new MemoryDisk();
            using (NodeBinlog log = Open(disk))
            {
                log.CreateReplica(Range(2), new ReplicaId(1), Checkpoint(2));
                log.Write(2, Entries(1, 1, 1, size));
            }

            using (NodeBinlog log = Open(disk))
            {
                log.Write(2, []);
                log.Write(2, Entries(2, 1, 1));
            }

            using NodeBinlog again = Open(disk);
            Assert.That(again.Damages, Is.Empty, $"size={size}");
            Assert.That(again.ReadAll(again.Replica(2)), Has.Length.EqualTo(2), $"size={size}");
            rolled += disk.Names.Count(n => n.EndsWith(".binlog", StringComparison.Ordinal)) > 1 ? 1 : 0;
        }

        Assert.That(rolled, Is.Positive);
    }

    [Test]
    public void A_power_cut_takes_no_segment_that_a_process_took_over_from_one_that_died_while_it_made_it()
    {
        int first = FirstSeed;
        bool reached = true;
        for (int n = 1; reached; n++)
        {
            var memory = new MemoryDisk();
            var disk = new FaultyDisk(memory, n, DiskFault.ErrorFromThenOn);
            var work = new BinlogWorkload(first + (n % 5));
            try
            {
                NodeBinlog log = Open(disk, Options with { RecycledSegments = 1 });
                for (int step = 0; step < 60 && work.Step(log); step++)
                {
                }
            }
            catch (RaftDb.Storage.StorageFailedException)
            {
                Assert.That(disk.WasReached);
            }

            // The machine goes on, and so does what its memory holds of the disk.
            reached = disk.WasReached;
            NodeBinlog next = Open(memory, Options with { RecycledSegments = 1 });
            next.CreateReplica(Range(50), new ReplicaId(1), Checkpoint(50));
            for (int written = 10; written <= 90; written += 10)
            {
                Assert.That(next.Write(50, Entries((ulong)written - 9, 10, 1, 1000), Hard(1, 1, 0)));
                using NodeBinlog again = Open(memory.PowerCut(new Random(first + n + written)));
                Assert.That(again.ReadAll(again.Replica(50)), Has.Length.EqualTo(written), $"RAFTDB_SEED={first} n={n} written={written}");
            }
        }
    }

    [TestCase((int)DiskFault.FullOnce)]
    [TestCase((int)DiskFault.ShortWriteThenFull)]
    public void Whichever_disk_operation_finds_the_disk_full_the_log_goes_on_or_stops_but_never_lies(int faultNumber)
    {
        var fault = (DiskFault)faultNumber;
        int first = FirstSeed;
        bool reached = true;
        for (int n = 1; reached; n++)
        {
            int seed = first + (n % 5);
            string replay = $"RAFTDB_SEED={first} n={n} fault={fault}";
            var memory = new MemoryDisk();
            var disk = new FaultyDisk(memory, n, fault);
            var work = new BinlogWorkload(seed, oneByOne: true);
            try
            {
                NodeBinlog log = Open(disk);
                int step = 0;
                while (step < 60 && work.Step(log))
                {
                    step++;
                }

                log.Dispose();
            }
            catch (RaftDb.Storage.StorageFailedException)
            {
                Assert.That(disk.WasReached, Is.True, replay);
            }

            reached = disk.WasReached;
            foreach (MemoryDisk left in new[] { memory.Clone(), memory.PowerCut(new Random(seed)) })
            {
                using NodeBinlog again = Open(left);
                Assert.That(again.Damages, Is.Empty, replay);
                Assert.That(again.Recovered.Select(r => r.Suspicion), Is.All.Null, replay);
            }

            Assert.That(n, Is.LessThan(5000), "the run never got through");
        }
    }

    [Test]
    public void A_power_cut_in_the_middle_of_a_batch_leaves_all_of_it_or_nothing()
    {
        int first = FirstSeed;
        for (int n = 3; n < 120; n++)
        {
            int seed = first + (n % 7);
            var memory = new MemoryDisk();
            var disk = new FaultyDisk(memory, n, DiskFault.ErrorFromThenOn);
            var work = new BinlogWorkload(seed, largest: 9000);
            try
            {
                NodeBinlog log = Open(disk);
                while (!disk.WasReached && work.Step(log))
                {
                }
            }
            catch (RaftDb.Storage.StorageFailedException)
            {
                continue; // It failed while it was opened: nothing was written yet.
            }

            for (int cut = 0; cut < 8; cut++)
            {
                MemoryDisk left = memory.PowerCut(new Random(seed + cut));
                string replay = $"RAFTDB_SEED={first} n={n} cut={cut}";
                using (NodeBinlog again = Open(left))
                {
                    AssertOneOf(BinlogModel.Describe(again), work, replay);
                    again.CreateReplica(Range(50), new ReplicaId(1), Checkpoint(50));
                    Assert.That(again.Write(50, Entries(1, 3, 1), Hard(1, 1, 0)), Is.True, replay);
                }

                using NodeBinlog third = Open(left);
                Assert.That(third.ReadAll(third.Replica(50)), Is.EqualTo(Entries(1, 3, 1).Select(Text)), replay);
                Assert.That(third.Damages, Is.Empty, replay);
            }
        }
    }

    [Test]
    public void A_power_cut_at_any_moment_of_a_long_history_with_relocations_loses_nothing()
    {
        int first = FirstSeed;
        for (int n = 200; n < 2000; n += 61)
        {
            int seed = first + n;
            var memory = new MemoryDisk();
            var disk = new FaultyDisk(memory, n, DiskFault.ShortWriteThenError);
            var work = new BinlogWorkload(seed, largest: 9000, slow: true);
            NodeBinlog log = Open(disk, Options with { RecycledSegments = 1 });
            while (!log.Failed.IsCompleted && !disk.WasReached)
            {
                work.Step(log);
            }

            string replay = $"RAFTDB_SEED={first} n={n}";
            foreach (MemoryDisk left in new[] { memory.Clone(), memory.PowerCut(new Random(seed)), memory.PowerCut(new Random(seed + 1)) })
            {
                using NodeBinlog again = Open(left);
                AssertOneOf(BinlogModel.Describe(again), work, replay);
                Assert.That(again.Damages, Is.Empty, replay);
            }
        }
    }

    private static void AssertOneOf(string found, BinlogWorkload work, string replay) =>
        Assert.That(found, Is.AnyOf([.. work.Possible]), replay);
}
