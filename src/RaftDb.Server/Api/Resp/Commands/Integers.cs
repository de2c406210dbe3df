using System.Buffers.Text;

namespace RaftDb.Server.Api.Resp.Commands;

/// <summary>Numbers in arguments.</summary>
internal static class Integers
{
    /// <summary>A decimal 64-bit integer, nothing around it.</summary>
    public static bool TryParse(ReadOnlySpan<byte> text, out long number)
    {
        number = 0;
        return text.Length > 0 && text[0] != (byte)'+' && Utf8Parser.TryParse(text, out number, out int used) && used == text.Length;
    }
}
