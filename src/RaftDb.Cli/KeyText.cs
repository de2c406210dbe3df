using System.Text;
using System.Text.Unicode;
using RaftDb.Client;

namespace RaftDb.Cli;

/// <summary>Keys and values on the command line: text as UTF-8, or hexadecimal with --hex.</summary>
internal static class KeyText
{
    public static Bytes Parse(string what, string text, bool hex)
    {
        if (!hex)
        {
            return text;
        }

        try
        {
            return Convert.FromHexString(text);
        }
        catch (FormatException)
        {
            throw new UsageException($"{what}: '{text}' is not hexadecimal. With --hex, write two digits per byte, like 00ff41.");
        }
    }

    public static Bytes? ParseOptional(string what, string? text, bool hex) => text is null ? (Bytes?)null : Parse(what, text, hex);

    /// <summary>For a terminal: bytes that are not text are shown as hexadecimal, so that they can't disturb it.</summary>
    public static string Show(ReadOnlySpan<byte> bytes, bool hex) =>
        hex || !Utf8.IsValid(bytes) ? Convert.ToHexStringLower(bytes) : Encoding.UTF8.GetString(bytes);
}
