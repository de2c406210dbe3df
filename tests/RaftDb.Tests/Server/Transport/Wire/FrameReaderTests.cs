using RaftDb.Server.Transport.Wire;

namespace RaftDb.Tests.Server.Transport.Wire;

[TestFixture]
internal sealed class FrameReaderTests
{
    [Test]
    public void The_bytes_of_a_frame_never_change()
    {
        using WireWriter writer = new();
        var start = writer.BeginFrame(FrameKind.Ping);
        writer.UInt64(1);
        writer.EndFrame(start);
        Assert.That(Convert.ToHexString(writer.Written.Span), Is.EqualTo("09000000" + "D60D87C1" + "06" + "0100000000000000"));
    }

    [Test]
    public void The_checksum_is_the_one_of_Castagnoli() =>
        Assert.That(Crc32C.Of("123456789"u8), Is.EqualTo(0xE3069283u));

    [Test]
    public async Task Frames_are_found_however_the_bytes_come()
    {
        Random random = new(3);
        List<byte[]> payloads = [];
        using WireWriter writer = new();
        for (var i = 0; i < 60; i++)
        {
            var payload = new byte[i % 20 == 19 ? 700_000 : random.Next(3000)];
            random.NextBytes(payload);
            payloads.Add(payload);
            var start = writer.BeginFrame(FrameKind.Messages);
            writer.Raw(payload);
            writer.EndFrame(start);
        }

        foreach (var piece in new[] { 1000, 65_536, int.MaxValue })
        {
            using FrameReader reader = new(new TricklingStream(writer.Written.ToArray(), piece, random), 1 << 20);
            foreach (var payload in payloads)
            {
                var frame = await reader.ReadAsync(default);
                Assert.That(frame!.Value.Payload.Span.SequenceEqual(payload), Is.True);
            }

            Assert.That(await reader.ReadAsync(default), Is.Null);
        }
    }

    [Test]
    public async Task Any_flipped_bit_is_noticed()
    {
        using WireWriter writer = new();
        var start = writer.BeginFrame(FrameKind.Request);
        writer.Raw(new byte[40]);
        writer.EndFrame(start);
        for (var bit = 0; bit < writer.Length * 8; bit++)
        {
            var bytes = writer.Written.ToArray();
            bytes[bit / 8] ^= (byte)(1 << (bit % 8));
            using FrameReader reader = new(new MemoryStream(bytes), 1 << 20);
            await Assert.ThatAsync(async () => await reader.ReadAsync(default), Throws.InstanceOf<IOException>(), $"bit {bit}");
        }
    }

    [TestCase(0u)]
    [TestCase(1025u)]
    [TestCase(uint.MaxValue)]
    public async Task A_length_out_of_bounds_is_refused_before_anything_is_allocated(uint length)
    {
        var bytes = new byte[16];
        BitConverter.TryWriteBytes(bytes, length);
        using FrameReader reader = new(new MemoryStream(bytes), 1024);
        await Assert.ThatAsync(async () => await reader.ReadAsync(default), Throws.InstanceOf<ProtocolViolationException>().With.Message.Contains(length.ToString()));
    }

    [Test]
    public async Task An_announced_frame_takes_memory_only_as_it_arrives()
    {
        var bytes = new byte[100];
        BitConverter.TryWriteBytes(bytes, 30u << 20);
        using FrameReader reader = new(new MemoryStream(bytes), 32 << 20);
        var before = GC.GetTotalAllocatedBytes();
        await Assert.ThatAsync(async () => await reader.ReadAsync(default), Throws.InstanceOf<EndOfStreamException>());
        Assert.That(GC.GetTotalAllocatedBytes() - before, Is.LessThan(20 << 20));
    }

    [Test]
    public async Task An_end_within_a_frame_is_told_from_one_between_frames()
    {
        using WireWriter writer = new();
        writer.EmptyFrame(FrameKind.Goodbye);
        for (var length = 1; length < writer.Length; length++)
        {
            using FrameReader reader = new(new MemoryStream(writer.Written[..length].ToArray()), 1024);
            await Assert.ThatAsync(async () => await reader.ReadAsync(default), Throws.InstanceOf<EndOfStreamException>());
        }
    }

    /// <summary>Gives its bytes in pieces of random length.</summary>
    private sealed class TricklingStream(byte[] bytes, int longest, Random random) : MemoryStream(bytes)
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var wanted = Math.Min(buffer.Length, longest == int.MaxValue ? buffer.Length : random.Next(1, longest));
            return new(Read(buffer.Span[..wanted]));
        }
    }
}
