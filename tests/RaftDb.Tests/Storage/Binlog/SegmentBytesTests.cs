using RaftDb.Storage.Binlog.Format;
using RaftDb.Storage.Binlog.Recovery;
using RaftDb.Storage.Disk;
using RaftDb.Tests.Storage.Disk;

namespace RaftDb.Tests.Storage.Binlog;

/// <summary>A fixed seed can be given in RAFTDB_SEED; every failure names the seed that it happened under.</summary>
public class SegmentBytesTests
{
    private const int Pieces = 4;

    private static int Seed => TestSeed.Draw();

    [Test]
    public void What_is_read_piece_by_piece_is_what_the_file_holds([Values] bool forwardOnly)
    {
        int seed = Seed;
        Random random = new(seed);
        var bytes = new byte[(Pieces * SegmentBytes.PieceBytes) + 13];
        random.NextBytes(bytes);
        using IDiskFile file = FileOf(bytes);
        byte[] memory = [];
        SegmentBytes segment = new(file, (uint)bytes.Length, ref memory);

        uint at = 0;
        for (int step = 0; step < 20_000 && at < bytes.Length; step++)
        {
            int left = bytes.Length - (int)at;
            int most = random.Next(1000) == 0 ? 2 * SegmentBytes.PieceBytes : 2000;
            if (random.Next(2) == 0)
            {
                int count = random.Next(Math.Min(left, most) + 1);
                Assert.That(segment.Read(at, count).SequenceEqual(bytes.AsSpan((int)at, count)), $"RAFTDB_SEED={seed} step {step}: {count} bytes at {at}");
                at += (uint)count;
            }
            else
            {
                uint limit = at + (uint)random.Next(1, Math.Min(left, most) + 1);
                ReadOnlySpan<byte> ahead = segment.Ahead(at, limit);
                Assert.That(ahead.Length, Is.InRange(1, (int)(limit - at)), $"RAFTDB_SEED={seed} step {step}: ahead of {at} up to {limit}");
                Assert.That(ahead.SequenceEqual(bytes.AsSpan((int)at, ahead.Length)), $"RAFTDB_SEED={seed} step {step}: ahead of {at} up to {limit}");
                at += (uint)ahead.Length;
            }

            if (!forwardOnly && random.Next(20) == 0)
            {
                at = (uint)random.Next(bytes.Length);
            }
        }
    }

    [Test]
    public void After_a_long_record_of_an_odd_length_what_is_at_hand_still_ends_where_a_record_can_start()
    {
        using IDiskFile file = FileOf(new byte[Pieces * SegmentBytes.PieceBytes]);
        byte[] memory = [];
        SegmentBytes segment = new(file, Pieces * SegmentBytes.PieceBytes, ref memory);
        segment.Read(0, SegmentBytes.PieceBytes + 3);

        for (uint at = 0; at < segment.Length;)
        {
            at += (uint)segment.Ahead(at, segment.Length).Length;
            Assert.That(at % RecordHeader.Alignment, Is.Zero);
        }
    }

    [Test]
    public void A_file_that_became_shorter_reads_as_zeros_where_it_was()
    {
        var bytes = new byte[3000];
        Array.Fill(bytes, (byte)7);
        using IDiskFile file = FileOf(bytes);
        byte[] memory = [];
        SegmentBytes segment = new(file, 3000, ref memory);
        file.SetLength(1000);

        Assert.That(segment.Read(0, 3000).ToArray(), Is.EqualTo(bytes.Take(1000).Concat(new byte[2000])));
    }

    [Test]
    public void Pieces_of_the_next_segment_go_where_those_of_the_last_one_were()
    {
        byte[] memory = [];
        using IDiskFile first = FileOf([1, 2, 3]);
        Assert.That(new SegmentBytes(first, 3, ref memory).Read(0, 3).ToArray(), Is.EqualTo(new byte[] { 1, 2, 3 }));
        byte[] before = memory;

        using IDiskFile second = FileOf([4, 5]);
        Assert.That(new SegmentBytes(second, 2, ref memory).Read(0, 2).ToArray(), Is.EqualTo(new byte[] { 4, 5 }));
        Assert.That(memory, Is.SameAs(before));
    }

    private static IDiskFile FileOf(byte[] bytes)
    {
        IDiskFile file = new MemoryDisk().Open("1", create: true);
        file.Write([bytes], 0);
        return file;
    }
}
