using RaftDb.Raft;
using RaftDb.Raft.Log;
using RaftDb.Storage;
using RaftDb.Storage.Binlog;
using RaftDb.Storage.Disk;
using RaftDb.Tests.Storage.Disk;
using static RaftDb.Tests.Storage.Binlog.BinlogTestLog;

namespace RaftDb.Tests.Storage.Binlog;

public class ConcurrencyTests
{
    private const int Appenders = 16;
    private const int Writes = 150;

    [Test]
    public void Many_appenders_readers_and_checkpoints_at_once_lose_and_mix_nothing()
    {
        string directory = Directory.CreateTempSubdirectory("raftdb-binlog-").FullName;
        try
        {
            BinlogOptions options = Options with { OwnThreads = true, BootId = null, RecycledSegments = 2, RetainedEntries = 0, RetainedBytes = 0 };
            using (NodeBinlog log = Open(new PosixDisk(directory), options))
            {
                var threads = Enumerable.Range(0, Appenders).Select(i => Task.Factory.StartNew(
                    () => Appender(log, (ulong)(i + 2)), TaskCreationOptions.LongRunning)).ToArray();
                Assert.That(Task.WaitAll(threads, TimeSpan.FromSeconds(60)), Is.True);
                Assert.That(log.Failed.IsCompleted, Is.False);
                Assert.That(log.Statistics.QueuedBytes, Is.Zero);
                Assert.That(log.Statistics.WrittenEntries, Is.EqualTo(Appenders * Writes * 3));
            }

            using NodeBinlog again = Open(new PosixDisk(directory), options);
            Assert.That(again.Damages, Is.Empty);
            Assert.That(again.Recovered, Has.Count.EqualTo(Appenders));
            foreach (RecoveredReplica replica in again.Recovered)
            {
                Assert.That(replica.Suspicion, Is.Null);
                Assert.That(replica.Last.Value, Is.EqualTo(Writes * 3));
                Assert.That(again.ReadAll(replica), Is.EqualTo(Expected(replica.Range.Value, replica.Floor.Index.Value + 1, replica.Last.Value)));
            }
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    [Test]
    public void A_failed_sync_poisons_the_log_and_nobody_is_answered_any_more()
    {
        var disk = new FaultyDisk(new MemoryDisk(), 60, DiskFault.ErrorOnce);
        using NodeBinlog log = Open(disk, Options with { OwnThreads = true });
        int answered = 0;
        ulong index = 0;
        try
        {
            log.CreateReplica(Range(2), new ReplicaId(1), Checkpoint(2));
            while (!log.Failed.IsCompleted && index < 1000)
            {
                using var one = new ManualResetEventSlim();
                log.Append(new BinlogWrite
                {
                    Range = Range(2),
                    Replica = new ReplicaId(1),
                    Entries = Entries(++index, 1, 1),
                    Completed = _ =>
                    {
                        Interlocked.Increment(ref answered);
                        one.Set();
                    },
                });
                Task.WaitAny(log.Failed, Task.Run(() => one.Wait(TimeSpan.FromSeconds(20))));
            }
        }
        catch (StorageFailedException)
        {
            Assert.That(log.Failed.IsCompleted, Is.True);
        }

        Assert.That(log.Failed.IsCompleted, Is.True);
        Assert.That(log.Failed.Result.Message, Does.Contain("Fault 60"));
        int before = Volatile.Read(ref answered);
        log.Append(new BinlogWrite { Range = Range(2), Replica = new ReplicaId(1), Entries = Entries(index + 1, 1, 1), Completed = _ => Interlocked.Increment(ref answered) });
        log.Sync(() => Interlocked.Increment(ref answered));
        log.Dispose();
        Assert.That(Volatile.Read(ref answered), Is.EqualTo(before));
    }

    [Test]
    public void An_idle_log_settles_by_itself()
    {
        var disk = new MemoryDisk();
        using NodeBinlog log = Open(disk, Options with { OwnThreads = true });
        log.CreateReplica(Range(2), new ReplicaId(1), Checkpoint(2));
        using var done = new ManualResetEventSlim();
        log.Append(new BinlogWrite
        {
            Range = Range(2),
            Replica = new ReplicaId(1),
            HardState = Hard(0, 0, 0),
            MustSync = false,
            Completed = _ => done.Set(),
        });
        Assert.That(done.Wait(TimeSpan.FromSeconds(10)), Is.True);
        long syncs = log.Statistics.Syncs;
        Assert.That(SpinWait.SpinUntil(() => log.Statistics.Syncs > syncs, TimeSpan.FromSeconds(10)), Is.True);
    }

    private static void Appender(NodeBinlog log, ulong range)
    {
        log.CreateReplica(Range(range), new ReplicaId(1), Checkpoint(range));
        using var answered = new SemaphoreSlim(0);
        for (int i = 0; i < Writes; i++)
        {
            ulong first = ((ulong)i * 3) + 1;
            log.Append(new BinlogWrite
            {
                Range = Range(range),
                Replica = new ReplicaId(1),
                Entries = [.. Enumerable.Range(0, 3).Select(n => Entry(first + (ulong)n, 1, Data(range, first + (ulong)n)))],
                HardState = Hard(1, 1, first - 1),
                Completed = _ => answered.Release(),
            });
            Assert.That(answered.Wait(TimeSpan.FromSeconds(30)), Is.True);
            var read = new List<Entry>();
            log.Reader(Range(range)).Read(new LogIndex(Math.Max(first, 20) - 19), new LogIndex(first + 2), 1 << 20, read);
            Assert.That(read.Select(Text), Is.EqualTo(Expected(range, Math.Max(first, 20) - 19, first + 2)));
            if (i % 10 == 9)
            {
                log.RecordCheckpoint(Range(range), Checkpoint(range, first + 2, 1), null, _ => { });
            }
        }
    }

    private static string Data(ulong range, ulong index) => $"{range}/{index}/".PadRight((int)(index % 7 * 40), '-');

    private static IEnumerable<string> Expected(ulong range, ulong from, ulong to)
    {
        for (ulong i = from; i <= to; i++)
        {
            yield return Text(Entry(i, 1, Data(range, i)));
        }
    }
}
