using System.Buffers;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Http;
using RaftDb.Server.Ranges;

namespace RaftDb.Server.Api;

/// <summary>Reads whole request bodies within a limit.</summary>
internal static class RequestBody
{
    /// <summary>The body, or why it is refused. One whose length is known to be too large is not read at all.</summary>
    public static ValueTask<(byte[]? Bytes, RequestError? Error)> ReadAsync(HttpContext context, int limit, string what)
    {
        if (context.Request.ContentLength is not { } length)
        {
            return ReadChunkedAsync(context, limit, what);
        }

        return length > limit
            ? new((null, Refusal.TooLarge($"{what} has {length} bytes: at most {limit} are allowed.")))
            : length == 0 ? new(([], null))
            : ReadKnownAsync(context, (int)length);
    }

    private static async ValueTask<(byte[]?, RequestError?)> ReadKnownAsync(HttpContext context, int length)
    {
        PipeReader reader = context.Request.BodyReader;
        byte[] bytes = GC.AllocateUninitializedArray<byte>(length);
        int filled = 0;
        while (filled < length)
        {
            ReadResult read = await reader.ReadAsync(context.RequestAborted).ConfigureAwait(false);
            ReadOnlySequence<byte> chunk = read.Buffer.Slice(0, Math.Min(read.Buffer.Length, length - filled));
            chunk.CopyTo(bytes.AsSpan(filled));
            filled += (int)chunk.Length;
            reader.AdvanceTo(chunk.End);
            if (read.IsCompleted && filled < length)
            {
                throw new BadHttpRequestException("The body ended before its Content-Length.");
            }
        }

        return (bytes, null);
    }

    private static async ValueTask<(byte[]?, RequestError?)> ReadChunkedAsync(HttpContext context, int limit, string what)
    {
        PipeReader reader = context.Request.BodyReader;
        ArrayBufferWriter<byte> bytes = new();
        while (true)
        {
            ReadResult read = await reader.ReadAsync(context.RequestAborted).ConfigureAwait(false);
            if (bytes.WrittenCount + read.Buffer.Length > limit)
            {
                reader.AdvanceTo(read.Buffer.End);
                return (null, Refusal.TooLarge($"{what} is too long: at most {limit} bytes are allowed."));
            }

            foreach (ReadOnlyMemory<byte> piece in read.Buffer)
            {
                bytes.Write(piece.Span);
            }

            reader.AdvanceTo(read.Buffer.End);
            if (read.IsCompleted)
            {
                return (bytes.WrittenSpan.ToArray(), null);
            }
        }
    }
}
