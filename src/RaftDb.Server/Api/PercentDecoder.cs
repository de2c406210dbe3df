using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace RaftDb.Server.Api;

/// <summary>Percent-decodes once, into bytes. Unlike form decoding it leaves <c>+</c> alone, and unlike URL normalisation everything else too.</summary>
internal static class PercentDecoder
{
    /// <summary>Decodes; false when a <c>%</c> is not followed by two hex digits, or a character is not ASCII and so stands for no one byte.</summary>
    public static bool TryDecode(ReadOnlySpan<char> text, [NotNullWhen(true)] out byte[]? bytes)
    {
        bytes = new byte[text.Length - (2 * text.Count('%')) is var length and >= 0 ? length : 0];
        int filled = 0;
        for (int i = 0; i < text.Length; i++)
        {
            byte value;
            if (text[i] != '%')
            {
                if (!char.IsAscii(text[i]))
                {
                    bytes = null;
                    return false;
                }

                value = (byte)text[i];
            }
            else if (i + 2 < text.Length && TryHex(text.Slice(i + 1, 2), out value))
            {
                i += 2;
            }
            else
            {
                bytes = null;
                return false;
            }

            if (filled == bytes.Length)
            {
                // A lone % shortened the count; it is found out further on.
                bytes = null;
                return false;
            }

            bytes[filled++] = value;
        }

        return true;
    }

    private static bool TryHex(ReadOnlySpan<char> digits, out byte value) =>
        byte.TryParse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out value);
}
