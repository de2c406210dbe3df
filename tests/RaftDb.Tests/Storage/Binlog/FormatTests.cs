using System.Text;
using RaftDb.Raft;
using RaftDb.Storage.Binlog;
using RaftDb.Storage.Binlog.Format;
using RaftDb.Tests.Storage.Disk;
using static RaftDb.Tests.Storage.Binlog.BinlogTestLog;

namespace RaftDb.Tests.Storage.Binlog;

/// <summary>The bytes on the disk are a promise: a change here is a new format version.</summary>
public class FormatTests
{
    [Test]
    public void The_checksum_is_the_one_that_everybody_else_computes() =>
        Assert.That(Crc32C.Compute("123456789"u8), Is.EqualTo(0xE3069283));

    [TestCase(0)]
    [TestCase(1)]
    [TestCase(7)]
    [TestCase(8)]
    [TestCase(9)]
    [TestCase(65)]
    public void The_checksum_of_a_piece_after_a_piece_is_that_of_the_whole(int cut)
    {
        byte[] bytes = [.. Enumerable.Range(0, 100).Select(i => (byte)(i * 37))];
        uint state = Crc32C.Append(Crc32C.Append(Crc32C.Start, bytes.AsSpan(0, cut)), bytes.AsSpan(cut));
        Assert.That(~state, Is.EqualTo(Crc32C.Compute(bytes)));
    }

    [Test]
    public void A_small_log_has_these_bytes()
    {
        var disk = new MemoryDisk();
        using (NodeBinlog log = Open(disk))
        {
            log.CreateReplica(Range(2), new ReplicaId(1), Checkpoint(2));
            log.Write(2, [Entry(1, 1, "hello")], Hard(1, 1, 0));
            log.Write(2, [Entry(2, 3, "world!!!")]);
            log.Write(2, [Entry(2, 4, "")]);
        }

        AssertGolden("small-log", disk.Bytes("binlog/00000001.binlog"));
    }

    [Test]
    public void A_record_is_valid_only_where_it_was_written()
    {
        byte[] record = new byte[RecordHeader.SizeFor(5)];
        "hello"u8.CopyTo(record.AsSpan(RecordHeader.Size));
        new RecordHeader(RecordType.Entry, 1, 0, 5, 2, 1, 1, 1).Write(record, RecordHeader.Seed(77, 4096), "hello"u8);
        Assert.That(RecordHeader.TryRead(record, 77, 4096, out RecordHeader header), Is.True);
        Assert.That(header.PayloadIsValid(record), Is.True);
        Assert.That(RecordHeader.TryRead(record, 77, 4104, out _), Is.False, "another offset");
        Assert.That(RecordHeader.TryRead(record, 78, 4096, out _), Is.False, "another incarnation");
        record[RecordHeader.Size] ^= 1;
        Assert.That(RecordHeader.TryRead(record, 77, 4096, out header) && !header.PayloadIsValid(record), Is.True);
    }

    [Test]
    public void An_absurd_length_is_not_believed()
    {
        byte[] record = new byte[RecordHeader.Size];
        new RecordHeader(RecordType.Entry, 1, 0, int.MaxValue - 100, 2, 1, 1, 1).Write(record, RecordHeader.Seed(77, 4096), default);
        Assert.That(RecordHeader.TryRead(record, 77, 4096, out _), Is.False);
    }

    /// <summary>Sixteen bytes a line, as in a hex dump, without the lines that are all zeros. REWRITE=1 writes the file anew; read the difference then.</summary>
    private static void AssertGolden(string name, byte[] bytes)
    {
        var text = new StringBuilder();
        for (int at = 0; at < bytes.Length; at += 16)
        {
            if (bytes.AsSpan(at, 16).ContainsAnyExcept((byte)0))
            {
                text.Append($"{at:x6}  {Convert.ToHexStringLower(bytes, at, 16)}\n");
            }
        }

        string path = Path.Combine(AppContext.BaseDirectory, "testdata", "binlog", name + ".hex");
        if (Environment.GetEnvironmentVariable("REWRITE") == "1")
        {
            string source = Path.Combine(AppContext.BaseDirectory, "../../..", "testdata", "binlog");
            Directory.CreateDirectory(source);
            File.WriteAllText(Path.Combine(source, name + ".hex"), text.ToString());
            return;
        }

        Assert.That(text.ToString(), Is.EqualTo(File.ReadAllText(path)));
    }
}
