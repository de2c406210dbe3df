using System.Text;

namespace RaftDb.Cli.Bench;

/// <summary>Finds the code in an error answer without reading its JSON properly: enough for counting.</summary>
internal static class ErrorText
{
    public static string CodeOf(LeanAnswer answer)
    {
        ReadOnlySpan<byte> body = answer.Body.Span;
        int at = body.IndexOf("\"code\""u8);
        if (at >= 0)
        {
            body = body[(at + 6)..];
            int open = body.IndexOf((byte)'"');
            int close = open < 0 ? -1 : body[(open + 1)..].IndexOf((byte)'"');
            if (close > 0)
            {
                return Encoding.UTF8.GetString(body.Slice(open + 1, close));
            }
        }

        return $"http_{answer.Status}";
    }
}
