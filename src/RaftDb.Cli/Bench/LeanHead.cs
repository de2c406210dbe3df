using System.Buffers.Text;
using System.Text;

namespace RaftDb.Cli.Bench;

/// <summary>What the load generator reads of an answer's head.</summary>
/// <param name="ContentLength">-1 when not given.</param>
internal readonly record struct LeanHead(int Status, int ContentLength, bool Chunked, bool Closes)
{
    public static LeanHead Parse(ReadOnlySpan<byte> head)
    {
        if (!head.StartsWith("HTTP/1.1 "u8) || !Utf8Parser.TryParse(head[9..], out int status, out _))
        {
            throw new IOException("The node's answer is not HTTP/1.1.");
        }

        int contentLength = status is 204 or 304 ? 0 : -1;
        bool chunked = false, closes = false;
        head = head[(head.IndexOf("\r\n"u8) + 2)..];
        while (head.Length > 2)
        {
            int end = head.IndexOf("\r\n"u8);
            ReadOnlySpan<byte> line = head[..end];
            head = head[(end + 2)..];
            int colon = line.IndexOf((byte)':');
            if (colon < 0)
            {
                continue;
            }

            ReadOnlySpan<byte> name = line[..colon];
            ReadOnlySpan<byte> value = line[(colon + 1)..].Trim((byte)' ');
            if (Ascii.EqualsIgnoreCase(name, "content-length"u8))
            {
                if (!Utf8Parser.TryParse(value, out contentLength, out int used) || used != value.Length || contentLength < 0)
                {
                    throw new IOException("The node's answer has a broken Content-Length.");
                }
            }
            else if (Ascii.EqualsIgnoreCase(name, "transfer-encoding"u8))
            {
                chunked = Ascii.EqualsIgnoreCase(value, "chunked"u8);
            }
            else if (Ascii.EqualsIgnoreCase(name, "connection"u8))
            {
                closes = Ascii.EqualsIgnoreCase(value, "close"u8);
            }
        }

        return new(status, contentLength, chunked, closes);
    }
}
