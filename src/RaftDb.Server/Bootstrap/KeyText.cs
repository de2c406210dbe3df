using System.Text;

namespace RaftDb.Server.Bootstrap;

/// <summary>Keys in messages for people.</summary>
internal static class KeyText
{
    /// <summary>The key as it was typed, or in hex when it is no text; different keys have different texts.</summary>
    public static string Of(ReadOnlySpan<byte> key)
    {
        var text = Encoding.UTF8.GetString(key);
        var plain = !text.Any(c => char.IsControl(c) || c is ',' or '\uFFFD') && !text.StartsWith("0x", StringComparison.Ordinal);
        return plain ? text : $"0x{Convert.ToHexStringLower(key)}";
    }
}
