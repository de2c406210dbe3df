using System.Text.Json;
using RaftDb.Raft;
using RaftDb.Storage;

namespace RaftDb.Server.Ranges;

/// <summary>What one node tells another of its replicas: the damaged ones, and those that have lost their leader and may have been removed without hearing of it.</summary>
internal sealed record TroubleMessage(IReadOnlyList<TroubleItem> Troubles, IReadOnlyList<ReplicaItem> Lost)
{
    public ReadOnlyMemory<byte> Encode() => JsonSerializer.SerializeToUtf8Bytes(this);

    public static TroubleMessage Decode(ReadOnlyMemory<byte> bytes) =>
        JsonSerializer.Deserialize<TroubleMessage>(bytes.Span) ?? throw new InvalidDataException("A node told of its replicas in no way that this version knows.");
}

/// <summary>A damaged replica.</summary>
internal sealed record TroubleItem(ulong Range, ulong Replica, string Reason, bool Rebuild)
{
    public static TroubleItem Of(Trouble trouble) => new(trouble.Range.Value, trouble.Replica.Value, trouble.Reason, trouble.Rebuild);

    public ReadOnlyMemory<byte> Encode() => JsonSerializer.SerializeToUtf8Bytes(this);

    public static TroubleItem Decode(ReadOnlyMemory<byte> bytes) =>
        JsonSerializer.Deserialize<TroubleItem>(bytes.Span) ?? throw new InvalidDataException("A node told of a replica in no way that this version knows.");

    public Trouble ToTrouble() => new(new RangeId(Range), new ReplicaId(Replica), Reason, Rebuild);
}

/// <summary>A replica.</summary>
internal sealed record ReplicaItem(ulong Range, ulong Replica);

/// <summary>The answer: which of the replicas are no members any more.</summary>
internal sealed record TroubleAnswer(IReadOnlyList<ReplicaItem> Removed)
{
    public ReadOnlyMemory<byte> Encode() => JsonSerializer.SerializeToUtf8Bytes(this);

    public static TroubleAnswer Decode(ReadOnlyMemory<byte> bytes) => JsonSerializer.Deserialize<TroubleAnswer>(bytes.Span) ?? new([]);
}
