using RaftDb.Raft;
using RaftDb.Storage.Binlog;
using RaftDb.Tests.Storage.Disk;
using static RaftDb.Tests.Storage.Binlog.BinlogTestLog;

namespace RaftDb.Tests.Storage.Binlog;

public class FullDiskTests
{
    [Test]
    public void A_full_disk_refuses_writes_and_takes_them_again_when_there_is_room()
    {
        var disk = new MemoryDisk { Room = 3 * (64 << 10) };
        ulong last = 0;
        using (NodeBinlog log = Open(disk))
        {
            log.CreateReplica(Range(2), new ReplicaId(1), Checkpoint(2));
            bool refused = false;
            while (!refused && last < 10_000)
            {
                refused = !WriteOrBeRefused(log, last + 1);
                last += refused ? 0UL : 10;
            }

            Assert.That(refused, Is.True);
            Assert.That(log.Statistics.IsFull, Is.True);
            Assert.That(log.Failed.IsCompleted, Is.False, "a full disk is no failure");
            Assert.That(WriteOrBeRefused(log, last + 11), Is.False, "what follows a refused write would leave a gap");
            Assert.That(log.ReadAll(log.Recovered.FirstOrDefault() ?? Whole(last)), Has.Length.EqualTo((int)last), "reads go on");

            // The checkpoint finds room in the reserve, and makes room for all others.
            Assert.That(log.Checkpoint(Checkpoint(2, last, 1))!.Value.Index.Value, Is.EqualTo(last));
            Assert.That(WriteOrBeRefused(log, last + 1), Is.True);
            Assert.That(log.Statistics.IsFull, Is.False);
            last += 10;
        }

        using NodeBinlog again = Open(disk);
        Assert.That(again.Replica(2).Suspicion, Is.Null);
        Assert.That(again.Replica(2).Last.Value, Is.EqualTo(last));
    }

    [Test]
    public void Room_made_by_others_is_found_by_the_next_write()
    {
        var disk = new MemoryDisk { Room = 64 << 10 };
        using NodeBinlog log = Open(disk);
        log.CreateReplica(Range(2), new ReplicaId(1), Checkpoint(2));
        ulong last = 0;
        while (WriteOrBeRefused(log, last + 1))
        {
            last += 10;
        }

        ulong term = 9;
        while (log.Write(2, [], Hard(term, 2, 0)) && term < 200)
        {
            term++;
        }

        Assert.That(term, Is.LessThan(200), "votes are refused too");
        disk.Room = 1 << 20;
        Assert.That(WriteOrBeRefused(log, last + 1), Is.True);
        Assert.That(log.Write(2, [], Hard(term, 2, 0)), Is.True);
    }

    [Test]
    public void After_a_refusal_no_later_write_overtakes_the_refused_ones()
    {
        var disk = new MemoryDisk { Room = 64 << 10 };
        using NodeBinlog log = Open(disk);
        log.CreateReplica(Range(2), new ReplicaId(1), Checkpoint(2));
        ulong last = 0;
        while (WriteOrBeRefused(log, last + 1))
        {
            last += 10;
        }

        var answers = new List<string>();
        BinlogWrite first = Counted(1, last + 1, "first");
        BinlogWrite second = Counted(2, last + 11, "second");
        BinlogWrite vote = Counted(3, 0, "vote");
        Do(first);

        // The caller has not heard of the refusal yet, and there is room meanwhile.
        disk.Room = 1 << 20;
        Do(second);
        Do(vote);
        Do(vote);
        Do(first);
        Do(vote);
        Do(second, vote);
        Assert.That(answers, Is.EqualTo(new[]
        {
            "first refused", "second refused", "vote refused", "vote refused", "first done", "vote refused", "second done", "vote done",
        }));

        BinlogWrite Counted(long order, ulong from, string name) => new()
        {
            Range = Range(2),
            Replica = new ReplicaId(1),
            Order = order,
            Entries = from == 0 ? [] : Entries(from, 10, 1, size: 300),
            HardState = from == 0 ? Hard(7, 2, 0) : null,
            Completed = _ => answers.Add($"{name} done"),
            Refused = _ => answers.Add($"{name} refused"),
        };

        void Do(params BinlogWrite[] writes)
        {
            foreach (BinlogWrite write in writes)
            {
                log.Append(write);
            }

            log.Drive();
        }
    }

    [Test]
    public void A_write_that_meets_a_full_disk_half_way_leaves_nothing_behind()
    {
        var memory = new MemoryDisk();
        for (int n = 1; n < 40; n++)
        {
            memory = new MemoryDisk();
            var disk = new FaultyDisk(memory, n, DiskFault.ShortWriteThenFull);
            try
            {
                using NodeBinlog log = Open(disk);
                bool created = false;
                log.InstallSnapshot(Range(2), new ReplicaId(1), Checkpoint(2), () => created = true);
                log.Drive();
                log.Drive(); // A job that found no room is tried again.
                Assert.That(created || log.Failed.IsCompleted, Is.True, $"n={n}");
                for (ulong i = 1; i < 10 && created; i++)
                {
                    bool first = log.Write(2, Entries(i, 1, 1));
                    bool second = first || log.Write(2, Entries(i, 1, 1));
                    Assert.That(second || log.Failed.IsCompleted, Is.True, $"n={n}");
                    created = second;
                }
            }
            catch (RaftDb.Storage.StorageFailedException)
            {
                continue; // The full disk was met while the log was made.
            }

            using NodeBinlog again = Open(memory.Clone());
            Assert.That(again.Damages, Is.Empty, $"n={n}");
            Assert.That(again.Replica(2).Suspicion, Is.Null, $"n={n}");
        }
    }

    private static RecoveredReplica Whole(ulong last) => new() { Range = Range(2), Replica = new ReplicaId(1), Last = new LogIndex(last) };

    private static bool WriteOrBeRefused(NodeBinlog log, ulong first)
    {
        bool? accepted = null;
        log.Append(new BinlogWrite
        {
            Range = Range(2),
            Replica = new ReplicaId(1),
            Entries = Entries(first, 10, 1, size: 300),
            Completed = _ => accepted = true,
            Refused = _ => accepted = false,
        });
        log.Drive();
        Assert.That(accepted, Is.Not.Null, "every write is answered");
        return accepted!.Value;
    }
}
