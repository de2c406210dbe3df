namespace RaftDb.Storage.StateMachines.Commands;

/// <summary>A command that changes nothing and stands in the log so that all replicas can look at themselves at the same index: each keeps a view of its state right after it. It is
/// a transaction without conditions and operations, which clients can't send, and which every version applies as what it is.</summary>
public static class CheckMark
{
    /// <summary>Format and kind, a byte each, and the time.</summary>
    private const int BeforeGeneration = 10;

    /// <summary>The counts of conditions and of both branches' operations.</summary>
    private const int Counts = 3;

    /// <summary>The command.</summary>
    public static byte[] Encode(HybridTimestamp time, ulong generation) => CommandCodec.Encode(new TransactionCommand(time, generation, [], [], []));

    /// <summary>Whether a command is a mark. A few comparisons: it is asked of every command before it is applied.</summary>
    public static bool Is(ReadOnlySpan<byte> command)
    {
        if (command.Length is < BeforeGeneration + 1 + Counts or > BeforeGeneration + 10 + Counts
            || command[0] != CommandCodec.Format || command[1] != (byte)CommandKind.Transaction || command[^Counts..].ContainsAnyExcept((byte)0))
        {
            return false;
        }

        ReadOnlySpan<byte> generation = command[BeforeGeneration..^Counts];
        return generation[^1] < 0x80 && !generation[..^1].ContainsAnyInRange((byte)0, (byte)0x7F);
    }
}
