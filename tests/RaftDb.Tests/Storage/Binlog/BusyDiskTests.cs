using RaftDb.Raft;
using RaftDb.Storage.Binlog;
using RaftDb.Tests.Storage.Disk;
using static RaftDb.Tests.Storage.Binlog.BinlogTestLog;

namespace RaftDb.Tests.Storage.Binlog;

public class BusyDiskTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    [Test]
    public void A_write_of_several_entries_makes_the_disk_busy_until_the_round_ends()
    {
        (bool during, bool after) = Write(entries: 8);

        Assert.That(during, Is.True);
        Assert.That(after, Is.False);
    }

    [Test]
    public void A_write_of_one_entry_is_nothing_to_wait_for()
    {
        (bool during, bool after) = Write(entries: 1);

        Assert.That(during, Is.False);
        Assert.That(after, Is.False);
    }

    /// <summary>What the log says of itself while its disk writes, and when the round is over.</summary>
    private static (bool During, bool After) Write(int entries)
    {
        bool during = false;
        using ManualResetEventSlim ended = new();
        WatchedDisk disk = new(new MemoryDisk());
        using NodeBinlog log = Open(disk, Options with { OwnThreads = true, BusyFor = Limit });
        log.CreateReplica(Range(2), new ReplicaId(1), Checkpoint(2));
        disk.Writing = () => during |= log.IsBusy;
        bool after = true;
        bool completed = false;
        log.RoundEnded = () =>
        {
            if (Volatile.Read(ref completed))
            {
                after = log.IsBusy;
                ended.Set();
            }
        };

        log.Append(new BinlogWrite
        {
            Range = Range(2),
            Replica = new ReplicaId(1),
            Entries = Entries(1, entries, 1),
            MustSync = true,
            Completed = _ => Volatile.Write(ref completed, true),
        });

        Assert.That(ended.Wait(Limit), Is.True);
        return (during, after);
    }
}
