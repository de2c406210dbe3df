using RaftDb.Raft;
using RaftDb.Storage;
using RaftDb.Storage.Binlog;
using RaftDb.Tests.Storage.Disk;
using static RaftDb.Tests.Storage.Binlog.BinlogTestLog;

namespace RaftDb.Tests.Storage.Binlog;

/// <summary>Rot and cuts at every place of a small log: either nothing is lost, or it is told whose log is damaged; never anything else.</summary>
public class DamageTests
{
    private const string FileName = "binlog/00000001.binlog";

    [TestCase(true, TestName = "A bit flipped anywhere in a closed log loses nothing unnoticed")]
    [TestCase(false, TestName = "A bit flipped anywhere in the log of a killed process loses nothing unnoticed")]
    public void A_bit_flipped_anywhere(bool closed)
    {
        (MemoryDisk disk, int end) = SmallLog(closed);
        byte[] whole = disk.Bytes(FileName);
        string expected = Describe(disk);
        int noticed = 0;
        for (int at = 0; at < end + 64; at++)
        {
            byte[] flipped = [.. whole];
            flipped[at] ^= (byte)(1 << (at % 8));
            noticed += AssertNothingLostUnnoticed(flipped, expected, $"bit flipped at {at}") ? 1 : 0;
        }

        Assert.That(noticed, Is.GreaterThan(1000), "flips in payloads and headers are noticed");
    }

    [TestCase(true, TestName = "A closed log cut anywhere loses nothing unnoticed")]
    [TestCase(false, TestName = "The log of a killed process cut anywhere loses nothing unnoticed")]
    public void A_log_cut_anywhere(bool closed)
    {
        (MemoryDisk disk, int end) = SmallLog(closed);
        byte[] whole = disk.Bytes(FileName);
        string expected = Describe(disk);
        for (int length = 0; length < end + 64; length++)
        {
            AssertNothingLostUnnoticed(whole[..length], expected, $"cut at {length}");
        }
    }

    [Test]
    public void Sectors_that_turn_to_zeros_are_noticed()
    {
        (MemoryDisk disk, int end) = SmallLog(closed: true);
        byte[] whole = disk.Bytes(FileName);
        string expected = Describe(disk);
        for (int at = 0; at < end; at += MemoryDisk.SectorSize)
        {
            byte[] zeroed = [.. whole];
            zeroed.AsSpan(at, MemoryDisk.SectorSize).Clear();
            AssertNothingLostUnnoticed(zeroed, expected, $"sector at {at} zeroed");
        }
    }

    [Test]
    public void The_damaged_entry_of_one_range_leaves_the_other_ranges_alone()
    {
        (MemoryDisk disk, _) = SmallLog(closed: true);
        byte[] bytes = disk.Bytes(FileName);
        bytes[bytes.AsSpan().IndexOf("3@1:"u8)] ^= 1; // In the payload of entry 3 of range 2.
        using NodeBinlog log = Open(disk);
        Assert.That(log.Replica(2).Suspicion, Does.Contain("3"));
        Assert.That(log.Replica(2).Last.Value, Is.EqualTo(2), "up to where it can be read");
        Assert.That(log.Replica(3).Suspicion, Is.Null);
        Assert.That(log.Damages, Has.Count.EqualTo(1).And.One.Contains("Entry").And.One.Contains("index 3"));
    }

    [Test]
    public void A_damaged_header_puts_every_range_without_a_later_hard_state_in_doubt()
    {
        var disk = new MemoryDisk();
        using (NodeBinlog log = Open(disk))
        {
            log.CreateReplica(Range(2), new ReplicaId(1), Checkpoint(2));
            log.CreateReplica(Range(3), new ReplicaId(1), Checkpoint(3));
            log.CreateReplica(Range(4), new ReplicaId(1), Checkpoint(4));
            log.Write(2, [Entry(1, 1, "the one that rots")], Hard(1, 1, 0));
            log.Write(3, [Entry(1, 1, "later")], Hard(1, 1, 0));
            log.Write(2, [], Hard(2, 1, 0));
        }

        byte[] bytes = disk.Bytes(FileName);
        int payload = bytes.AsSpan().IndexOf("the one that rots"u8);
        bytes[payload - 40] ^= 1; // The range's number in the header.
        using NodeBinlog again = Open(disk);
        Assert.That(again.Replica(2).Suspicion, Is.Not.Null, "its hard state names an entry that is not there");
        Assert.That(again.Replica(3).Suspicion, Is.Null, "its later hard state proves that nothing is missing");
        Assert.That(again.Replica(4).Suspicion, Is.Not.Null, "nothing proves anything");
    }

    [Test]
    public void Suspicion_outlives_the_segment_that_was_damaged_and_ends_with_the_replica()
    {
        (MemoryDisk disk, _) = SmallLog(closed: true);
        byte[] bytes = disk.Bytes(FileName);
        bytes[bytes.AsSpan().IndexOf("3@1:"u8)] ^= 1;
        using (NodeBinlog log = Open(disk))
        {
            for (ulong i = 0; i < 100; i++)
            {
                log.Write(3, Entries((i * 10) + 4, 10, 2, size: 300), Hard(2, 1, 0));
                log.Checkpoint(Checkpoint(3, (i * 10) + 13, 2));
            }

            Assert.That(disk.Exists(FileName), Is.False, "the damaged segment is gone");
        }

        using (NodeBinlog again = Open(disk))
        {
            Assert.That(again.Replica(2).Suspicion, Does.Contain("3"));
            Assert.That(again.Replica(3).Suspicion, Is.Null);
            again.InstallSnapshot(Range(2), new ReplicaId(9), Checkpoint(2, 5, 1), () => { });
            again.Drive();
        }

        using NodeBinlog healed = Open(disk);
        Assert.That(healed.Replica(2).Suspicion, Is.Null);
        Assert.That(healed.Replica(2).Replica.Value, Is.EqualTo(9));
    }

    [Test]
    public void A_missing_segment_in_the_middle_is_noticed()
    {
        var disk = new MemoryDisk();
        BinlogOptions keepAll = Options with { RetainedEntries = 1_000_000, RetainedBytes = 1 << 30 };
        using (NodeBinlog log = Open(disk, keepAll))
        {
            log.CreateReplica(Range(2), new ReplicaId(1), Checkpoint(2));
            for (ulong i = 0; i < 100; i++)
            {
                log.Write(2, Entries((i * 10) + 1, 10, 1, size: 300), Hard(1, 1, 0));
            }
        }

        disk.Delete("binlog/00000003.binlog");
        using NodeBinlog again = Open(disk, keepAll);
        Assert.That(again.Replica(2).Suspicion, Is.Not.Null);
        Assert.That(again.Damages, Has.Some.Contains("missing"));
    }

    [Test]
    public void Damage_in_an_earlier_segment_is_corruption_even_in_its_last_record()
    {
        var disk = new MemoryDisk();
        BinlogOptions keepAll = Options with { RetainedEntries = 1_000_000, RetainedBytes = 1 << 30 };
        using (NodeBinlog log = Open(disk, keepAll))
        {
            log.CreateReplica(Range(2), new ReplicaId(1), Checkpoint(2));
            for (ulong i = 1; i <= 400; i++)
            {
                log.Write(2, Entries(i, 1, 1, size: 300));
            }
        }

        byte[] first = disk.Bytes(FileName);
        int end = first.AsSpan().LastIndexOfAnyExcept((byte)0) + 1;
        first.AsSpan(end - 100, 100).Clear();
        using NodeBinlog again = Open(disk, keepAll);
        Assert.That(again.Replica(2).Suspicion, Is.Not.Null);
        Assert.That(again.Damages, Is.Not.Empty);
    }

    [Test]
    public void Reading_an_entry_that_rotted_while_the_log_is_open_names_file_and_offset()
    {
        var disk = new MemoryDisk();
        using NodeBinlog log = Open(disk);
        log.CreateReplica(Range(2), new ReplicaId(1), Checkpoint(2));
        log.Write(2, Entries(1, 5, 1));
        byte[] bytes = disk.Bytes(FileName);
        bytes[bytes.AsSpan().IndexOf("3@1:"u8)] ^= 1;
        Assert.That(
            () => log.Reader(Range(2)).Read(new LogIndex(1), new LogIndex(5), int.MaxValue, []),
            Throws.TypeOf<StorageFailedException>().With.Message.Contains("00000001.binlog at offset"));
    }

    /// <summary>Two ranges with a few entries, an overwritten suffix and hard states; answers where the records end.</summary>
    private static (MemoryDisk Disk, int End) SmallLog(bool closed)
    {
        var disk = new MemoryDisk();
        NodeBinlog log = Open(disk);
        log.CreateReplica(Range(2), new ReplicaId(1), Checkpoint(2));
        log.CreateReplica(Range(3), new ReplicaId(1), Checkpoint(3));
        log.Write(2, Entries(1, 4, 1), Hard(1, 1, 0));
        log.Write(3, Entries(1, 3, 2), Hard(2, 2, 0));
        log.Write(2, Entries(4, 2, 3), Hard(3, 0, 2));
        MemoryDisk left = disk.Clone();
        if (closed)
        {
            log.Dispose();
            left = disk;
        }

        return (left, left.Bytes(FileName).AsSpan().LastIndexOfAnyExcept((byte)0) + 1);
    }

    private static string Describe(MemoryDisk disk)
    {
        using NodeBinlog log = Open(disk.Clone());
        return BinlogModel.Describe(log);
    }

    /// <summary>Answers whether the damage was noticed.</summary>
    private static bool AssertNothingLostUnnoticed(byte[] bytes, string expected, string what)
    {
        var disk = new MemoryDisk();
        disk.Replace(FileName, bytes);
        bool noticed;
        using (NodeBinlog log = Open(disk))
        {
            noticed = log.Damages.Count > 0;
            string found = BinlogModel.Describe(log);
            if (found != expected)
            {
                Assert.That(noticed, Is.True, $"{what}: silently became\n{found}");
                AssertEachRangeIsWholeOrSuspect(found, expected, what);
            }

            // Whatever happened, the log goes on.
            log.CreateReplica(Range(90), new ReplicaId(1), Checkpoint(90));
            Assert.That(log.Write(90, Entries(1, 2, 1), Hard(1, 1, 0)), Is.True, what);
        }

        using NodeBinlog again = Open(disk);
        string after = BinlogModel.Describe(again);
        AssertEachRangeIsWholeOrSuspect(after, expected, what + ", reopened");
        Assert.That(again.ReadAll(again.Replica(90)), Is.EqualTo(Entries(1, 2, 1).Select(Text)), what);
        Assert.That(again.Replica(90).Suspicion, Is.Null, what);
        return noticed;
    }

    private static void AssertEachRangeIsWholeOrSuspect(string found, string expected, string what)
    {
        foreach (string line in expected.Split('\n').Where(l => l.StartsWith("range", StringComparison.Ordinal)))
        {
            string range = line[..line.IndexOf(" replica", StringComparison.Ordinal)];
            string? now = found.Split('\n').FirstOrDefault(l => l.StartsWith(range + " ", StringComparison.Ordinal));
            // A range whose every record is hidden can't be named; the damage itself is told.
            Assert.That(
                now is null || now.TrimEnd() == line.TrimEnd() || now.Contains("SUSPECT", StringComparison.Ordinal), Is.True,
                $"{what}:\n{now}\nwas\n{line}");
        }
    }
}
