using System.Runtime.InteropServices;

namespace RaftDb.Server.Api.Resp.Commands;

/// <summary>All commands by name, whatever its case.</summary>
internal static class CommandTable
{
    private const int LongestName = 16;

    private static readonly RespCommand[] Commands =
    [
        .. ConnectionCommands.All,
        .. ReadCommands.All,
        .. WriteCommands.All,
        .. ExpiryCommands.All,
        .. ScanCommands.All,
        .. TransactionCommands.All,
        .. RaftDbCommands.All,
        .. SessionCommand.All,
        .. VersionedWrites.All,
        .. VersionedReads.All,
        .. RouteCommand.All,
        .. ClientCommand.All,
        .. CommandCommand.All,
        .. ConfigCommand.All,
        .. InfoCommand.All,
    ];

    private static readonly Dictionary<UInt128, RespCommand> ByName = Numbered();

    /// <summary>All of them.</summary>
    public static IReadOnlyList<RespCommand> All => Commands;

    /// <summary>Null when there is no such command.</summary>
    public static RespCommand? Find(ReadOnlySpan<byte> name) =>
        name.Length <= LongestName && ByName.TryGetValue(Fold(name), out RespCommand? command) ? command : null;

    private static Dictionary<UInt128, RespCommand> Numbered()
    {
        Dictionary<UInt128, RespCommand> table = [];
        for (int i = 0; i < Commands.Length; i++)
        {
            Commands[i].Number = i;
            table.Add(Fold(System.Text.Encoding.ASCII.GetBytes(Commands[i].Name)), Commands[i]);
        }

        return table;
    }

    // A name in capitals, as one number: no text is made of what clients send.
    private static UInt128 Fold(ReadOnlySpan<byte> name)
    {
        Span<byte> capitals = stackalloc byte[LongestName];
        capitals.Clear();
        for (int i = 0; i < name.Length; i++)
        {
            byte letter = name[i];
            capitals[i] = letter is >= (byte)'a' and <= (byte)'z' ? (byte)(letter - 0x20) : letter;
        }

        return MemoryMarshal.Read<UInt128>(capitals);
    }
}
