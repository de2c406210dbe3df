using System.Buffers;
using System.Buffers.Text;
using System.Text;

namespace RaftDb.Client.Resp;

/// <summary>Reads answers of version 2 of the protocol.</summary>
internal static class RespReader
{
    /// <summary>More depth than any answer of ours has.</summary>
    private const int MaxDepth = 8;

    /// <summary>Parts of an array at most: a page of a scan has ten thousand rows.</summary>
    private const int MaxItems = 1 << 20;

    private const int MaxBulk = 256 << 20;

    /// <summary>Reads one answer; false when its end has not come yet, and the reader's place means nothing then. Throws <see cref="UnexpectedAnswerException"/>.</summary>
    public static bool TryRead(ref SequenceReader<byte> reader, out RespValue value) => TryRead(ref reader, 0, out value);

    private static bool TryRead(ref SequenceReader<byte> reader, int depth, out RespValue value)
    {
        value = default;
        if (!reader.TryReadTo(out ReadOnlySequence<byte> line, (byte)'\n'))
        {
            return false;
        }

        Span<byte> copy = stackalloc byte[64];
        scoped ReadOnlySpan<byte> text;
        if (line.IsSingleSegment)
        {
            text = line.FirstSpan;
        }
        else if (line.Length <= copy.Length)
        {
            line.CopyTo(copy);
            text = copy[..(int)line.Length];
        }
        else
        {
            text = line.ToArray();
        }

        if (text.Length < 2 || text[^1] != (byte)'\r')
        {
            throw new UnexpectedAnswerException("what came is not the protocol of Redis: is the address a node's RESP address?");
        }

        ReadOnlySpan<byte> rest = text[1..^1];
        switch (text[0])
        {
            case (byte)':':
                value = RespValue.Number(Number(rest));
                return true;
            case (byte)'+':
                value = RespValue.OfBytes(rest.ToArray());
                return true;
            case (byte)'-':
                value = RespValue.OfError(Encoding.UTF8.GetString(rest));
                return true;
            case (byte)'_':
                return true;
            case (byte)'$':
                return TryReadBulk(ref reader, Length(rest, MaxBulk), out value);
            case (byte)'*':
                return TryReadArray(ref reader, Length(rest, MaxItems), depth, out value);
            default:
                throw new UnexpectedAnswerException($"an answer begins with {text[0]}, which is nothing in this protocol");
        }
    }

    private static bool TryReadBulk(ref SequenceReader<byte> reader, int length, out RespValue value)
    {
        value = default;
        if (length < 0)
        {
            return true;
        }

        if (reader.Remaining < length + 2)
        {
            return false;
        }

        byte[] bytes = GC.AllocateUninitializedArray<byte>(length);
        reader.TryCopyTo(bytes);
        reader.Advance(length + 2);
        value = RespValue.OfBytes(bytes);
        return true;
    }

    private static bool TryReadArray(ref SequenceReader<byte> reader, int count, int depth, out RespValue value)
    {
        value = default;
        if (count < 0)
        {
            return true;
        }

        if (depth == MaxDepth)
        {
            throw new UnexpectedAnswerException($"an answer is nested more than {MaxDepth} deep");
        }

        // Each part has at least three bytes: what claims more than there can be is waited for before room is made.
        if (reader.Remaining < 3L * count)
        {
            return false;
        }

        RespValue[] items = new RespValue[count];
        for (int i = 0; i < count; i++)
        {
            if (!TryRead(ref reader, depth + 1, out items[i]))
            {
                return false;
            }
        }

        value = RespValue.OfItems(items);
        return true;
    }

    private static long Number(ReadOnlySpan<byte> text) =>
        Utf8Parser.TryParse(text, out long number, out int used) && used == text.Length
            ? number
            : throw new UnexpectedAnswerException("an answer has something else where a number must be");

    private static int Length(ReadOnlySpan<byte> text, int most)
    {
        long length = Number(text);
        return length >= -1 && length <= most ? (int)length : throw new UnexpectedAnswerException($"an answer claims a length of {length}");
    }
}
