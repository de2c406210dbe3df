using System.Text.Json;

namespace RaftDb.Server.Ranges;

/// <summary>Asks the leader of a range to move one of its replicas.</summary>
internal sealed record MoveMessage(ulong Range, ulong From, ulong To)
{
    public ReadOnlyMemory<byte> Encode() => JsonSerializer.SerializeToUtf8Bytes(this);

    public static MoveMessage Decode(ReadOnlyMemory<byte> bytes) =>
        JsonSerializer.Deserialize<MoveMessage>(bytes.Span) ?? throw new InvalidDataException("A node asked for a move in no way that this version knows.");
}
