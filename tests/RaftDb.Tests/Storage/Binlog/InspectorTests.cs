using RaftDb.Raft;
using RaftDb.Storage;
using RaftDb.Storage.Binlog;
using RaftDb.Tests.Storage.Disk;
using static RaftDb.Tests.Storage.Binlog.BinlogTestLog;

namespace RaftDb.Tests.Storage.Binlog;

public class InspectorTests
{
    [Test]
    public void A_dump_shows_every_record_in_order()
    {
        MemoryDisk disk = TwoRanges();
        BinlogRecordView[] all = [.. BinlogInspector.Dump(disk, Folder)];
        Assert.That(
            all.Where(v => v.Type is not ("batch" or "mark" or "session")).Select(v => $"{v.Type} {v.Range} {v.Term} {v.Index}"),
            Is.EqualTo(new[]
            {
                "create 2 0 0", "create 3 0 0", "entry 2 1 1", "entry 2 1 2", "hard_state 2 1 0", "entry 3 5 1", "truncate 2 1 1", "entry 2 2 2",
            }));
        Assert.That(all.Single(v => v.Type == "hard_state").Vote, Is.EqualTo(new ReplicaId(3)));
        Assert.That(all.Select(v => v.Offset), Is.Ordered);
        Assert.That(all[0].Type, Is.EqualTo("batch"));
    }

    [Test]
    public void A_dump_can_be_narrowed_to_a_range_and_an_index()
    {
        BinlogRecordView[] views = [.. BinlogInspector.Dump(TwoRanges(), Folder, Range(2), new LogIndex(2))];
        Assert.That(views.Select(v => $"{v.Type} {v.Term} {v.Index}"), Is.EqualTo(new[] { "entry 1 2", "entry 2 2" }));
        Assert.That(views[1].Payload.ToArray(), Is.EqualTo(Entries(2, 1, 2)[0].Data.ToArray()));
    }

    [Test]
    public void A_whole_log_verifies_and_counts()
    {
        BinlogVerification found = BinlogInspector.Verify(TwoRanges(), Folder);
        Assert.That(found.IsWhole, Is.True);
        Assert.That(found.TornTail, Is.Null);
        Assert.That(found.Segments, Has.Count.EqualTo(1));
        Assert.That(found.Segments[0], Has.Property("Entries").EqualTo(4).And.Property("Batches").EqualTo(5).And.Property("File").EqualTo("00000001.binlog"));
    }

    [Test]
    public void Damage_is_told_with_its_place_and_nothing_is_changed()
    {
        MemoryDisk disk = TwoRanges();
        byte[] bytes = disk.Bytes("binlog/00000001.binlog");
        bytes[bytes.AsSpan().IndexOf("1@5:"u8)] ^= 1;
        byte[] before = [.. bytes];
        BinlogVerification found = BinlogInspector.Verify(disk, Folder);
        Assert.That(found.IsWhole, Is.False);
        Assert.That(found.Damages, Has.One.Contains("range 3").And.One.Contains("offset"));
        Assert.That(BinlogInspector.Dump(disk, Folder).Single(v => v.IsDamaged && v.Type == "entry").Range, Is.EqualTo(Range(3)));
        Assert.That(disk.Bytes("binlog/00000001.binlog"), Is.EqualTo(before));
    }

    [Test]
    public void A_torn_tail_is_told_and_is_no_damage()
    {
        int torn = 0;
        for (int n = 12; n < 18; n++)
        {
            var memory = new MemoryDisk();
            NodeBinlog log = Open(new FaultyDisk(memory, n, DiskFault.ShortWriteThenError));
            log.CreateReplica(Range(2), new ReplicaId(1), Checkpoint(2));
            for (ulong i = 0; i < 5; i++)
            {
                log.Write(2, Entries((i * 10) + 1, 10, 1));
            }

            BinlogVerification found = BinlogInspector.Verify(memory, Folder);
            Assert.That(found.IsWhole, Is.True);
            if (found.TornTail is not null)
            {
                Assert.That(found.TornTail, Does.Contain("segment 1 offset"));
                torn++;
            }
        }

        Assert.That(torn, Is.EqualTo(2), "of six operations two write a batch; the others sync and mark");
    }

    [Test]
    public void The_log_of_a_running_node_can_be_read()
    {
        var disk = new MemoryDisk();
        using NodeBinlog log = Open(disk);
        log.CreateReplica(Range(2), new ReplicaId(1), Checkpoint(2));
        log.Write(2, Entries(1, 10, 1));
        Assert.That(BinlogInspector.Verify(disk, Folder).IsWhole, Is.True);
        Assert.That(log.Write(2, Entries(11, 10, 1)), Is.True);
    }

    [Test]
    public void Where_there_is_no_binlog_that_is_said() =>
        Assert.That(() => BinlogInspector.Verify(new MemoryDisk(), Folder), Throws.TypeOf<StorageRefusedException>().With.Message.Contains("no binlog"));

    private static MemoryDisk TwoRanges()
    {
        var disk = new MemoryDisk();
        using NodeBinlog log = Open(disk);
        log.CreateReplica(Range(2), new ReplicaId(1), Checkpoint(2));
        log.CreateReplica(Range(3), new ReplicaId(1), Checkpoint(3));
        log.Write(2, Entries(1, 2, 1), Hard(1, 3, 0));
        log.Write(3, Entries(1, 1, 5));
        log.Write(2, Entries(2, 1, 2));
        return disk;
    }
}
