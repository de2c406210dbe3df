using System.Buffers;
using System.Diagnostics;
using System.Net.Sockets;
using System.Threading.Channels;

namespace RaftDb.Cli.Drills.Faults;

/// <summary>Moves the bytes of one direction of one connection, as the link lets them.</summary>
internal static class LinkPump
{
    private const int ChunkBytes = 64 << 10;

    /// <summary>What may be on its way in one connection; then the sender has to wait, as on a real line.</summary>
    private const int ChunksUnderWay = 64;

    /// <param name="Bytes">Null at the end of the connection.</param>
    private readonly record struct Chunk(byte[]? Bytes, int Length, long Due, bool Broken);

    public static async Task RunAsync(Socket from, Socket to, Link link, CancellationToken cancel)
    {
        Channel<Chunk> underWay = Channel.CreateBounded<Chunk>(new BoundedChannelOptions(ChunksUnderWay) { SingleReader = true, SingleWriter = true });
        Task reading = ReadAsync(from, link, underWay.Writer, cancel);
        await WriteAsync(to, link, underWay.Reader, cancel);
        await reading;
    }

    private static async Task ReadAsync(Socket from, Link link, ChannelWriter<Chunk> underWay, CancellationToken cancel)
    {
        bool broken = false;
        while (true)
        {
            byte[] bytes = ArrayPool<byte>.Shared.Rent(ChunkBytes);
            int length = 0;
            try
            {
                length = await from.ReceiveAsync(bytes.AsMemory(0, ChunkBytes), cancel);
            }
            catch (Exception failure) when (failure is SocketException or ObjectDisposedException)
            {
                broken = true;
            }

            if (length == 0)
            {
                ArrayPool<byte>.Shared.Return(bytes);
                await underWay.WriteAsync(new(null, 0, link.Due(0), broken), cancel);
                underWay.Complete();
                return;
            }

            await underWay.WriteAsync(new(bytes, length, link.Due(length), false), cancel);
        }
    }

    private static async Task WriteAsync(Socket to, Link link, ChannelReader<Chunk> underWay, CancellationToken cancel)
    {
        // When nobody takes the bytes any more, the other direction tells it, if its link lets it; here they are only thrown away.
        bool lost = false;
        await foreach (Chunk chunk in underWay.ReadAllAsync(cancel))
        {
            await UntilAsync(chunk.Due, cancel);
            await link.OpenAsync(cancel);
            try
            {
                if (chunk.Bytes is null)
                {
                    End(to, chunk.Broken);
                }
                else if (!lost)
                {
                    await SendAsync(to, chunk.Bytes.AsMemory(0, chunk.Length), cancel);
                }
            }
            catch (Exception failure) when (failure is SocketException or ObjectDisposedException)
            {
                lost = true;
            }

            if (chunk.Bytes is not null)
            {
                ArrayPool<byte>.Shared.Return(chunk.Bytes);
            }
        }
    }

    private static async Task SendAsync(Socket to, ReadOnlyMemory<byte> bytes, CancellationToken cancel)
    {
        while (bytes.Length > 0)
        {
            bytes = bytes[await to.SendAsync(bytes, cancel)..];
        }
    }

    private static async Task UntilAsync(long due, CancellationToken cancel)
    {
        TimeSpan left = Stopwatch.GetElapsedTime(Stopwatch.GetTimestamp(), due);
        if (left > TimeSpan.Zero)
        {
            await Task.Delay(left, cancel);
        }
    }

    private static void End(Socket to, bool broken)
    {
        if (broken)
        {
            to.Close(0);
        }
        else
        {
            to.Shutdown(SocketShutdown.Send);
        }
    }
}
