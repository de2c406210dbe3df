using System.Text;

namespace RaftDb.Server.Api.Resp.Commands;

/// <summary>Words in arguments, whatever their case.</summary>
internal static class Words
{
    public static bool Is(this ReadOnlySpan<byte> argument, ReadOnlySpan<byte> word) => Ascii.EqualsIgnoreCase(argument, word);
}
