using RaftDb.Raft;
using RaftDb.Storage.Binlog;
using RaftDb.Tests.Storage.Disk;
using static RaftDb.Tests.Storage.Binlog.BinlogTestLog;

namespace RaftDb.Tests.Storage.Binlog;

public class PreparedSegmentTests
{
    private const int SegmentBytes = 1 << 20;
    private const int Payload = SegmentBytes / 2;

    [Test]
    public void Short_batches_find_the_next_segment_written_over_with_zeros_so_that_their_syncs_are_cheap() =>
        Assert.That(BytesWritten(batchBytes: 4 << 10), Is.GreaterThan(Payload + SegmentBytes));

    [Test]
    public void Long_batches_do_not_pay_for_writing_the_next_segment_twice() =>
        Assert.That(BytesWritten(batchBytes: 64 << 10), Is.LessThan(Payload * 1.1));

    /// <summary>What half a segment of batches makes the disk write, the preparation of the next segment included.</summary>
    private static long BytesWritten(int batchBytes)
    {
        WatchedDisk disk = new(new MemoryDisk());
        using NodeBinlog log = Open(disk, Options with { SegmentBytes = SegmentBytes });
        log.CreateReplica(Range(2), new ReplicaId(1), Checkpoint(2));
        for (int n = 0; n < Payload / batchBytes; n++)
        {
            Assert.That(log.Write(2, Entries((ulong)n + 1, 1, 1, size: batchBytes), Hard(1, 1, 0)), Is.True);
        }

        return disk.BytesWritten;
    }
}
