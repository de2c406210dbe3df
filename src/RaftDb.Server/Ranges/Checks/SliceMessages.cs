using System.Text.Json;
using RaftDb.Raft;
using RaftDb.Storage.StateMachines.Digests;

namespace RaftDb.Server.Ranges.Checks;

/// <summary>Asks a replica for the digests of a slice at a mark, or for SQLite's own check of its file.</summary>
/// <param name="Range">The range.</param>
/// <param name="Replica">The replica that is meant.</param>
/// <param name="Mark">The mark's index; 0: check the file.</param>
/// <param name="From">First key, inclusive.</param>
/// <param name="End">End, exclusive; null = to the end.</param>
/// <param name="Cuts">First keys of all buckets but the first.</param>
internal sealed record SliceRequest(ulong Range, ulong Replica, ulong Mark, byte[] From, byte[]? End, IReadOnlyList<byte[]> Cuts)
{
    public static SliceRequest ForFile(ulong range, ulong replica) => new(range, replica, 0, [], null, []);

    public static SliceRequest Of(ulong range, ulong replica, LogIndex mark, SliceQuery query) =>
        new(range, replica, mark.Value, query.From.ToArray(), query.End?.ToArray(), [.. query.Cuts!.Select(c => c.ToArray())]);

    public SliceQuery ToQuery() => new() { From = From, End = End is null ? (ReadOnlyMemory<byte>?)null : End, Cuts = [.. Cuts.Select(c => (ReadOnlyMemory<byte>)c)] };

    public ReadOnlyMemory<byte> Encode() => JsonSerializer.SerializeToUtf8Bytes(this);

    public static SliceRequest Decode(ReadOnlyMemory<byte> bytes) =>
        JsonSerializer.Deserialize<SliceRequest>(bytes.Span) ?? throw new InvalidDataException("A node asked for a digest in no way that this version knows.");
}

/// <summary>What a replica answers.</summary>
/// <param name="Root">The root over all buckets; null when there is none.</param>
/// <param name="Buckets">The buckets' hashes.</param>
/// <param name="Keys">How many keys.</param>
/// <param name="Damage">What SQLite finds wrong with the file.</param>
/// <param name="Failure">Why nothing could be looked at.</param>
internal sealed record SliceAnswer(string? Root, IReadOnlyList<byte[]> Buckets, long Keys, string? Damage, string? Failure)
{
    public static readonly SliceAnswer Sound = new(null, [], 0, null, null);

    public static SliceAnswer Of(SliceDigest digest) => new(digest.Root(), [.. digest.Buckets.Select(b => b.Hash.ToArray())], digest.Keys, null, null);

    public static SliceAnswer Damaged(string damage) => new(null, [], 0, damage, null);

    public static SliceAnswer Failed(string failure) => new(null, [], 0, null, failure);

    public ReadOnlyMemory<byte> Encode() => JsonSerializer.SerializeToUtf8Bytes(this);

    public static SliceAnswer Decode(ReadOnlyMemory<byte> bytes) => JsonSerializer.Deserialize<SliceAnswer>(bytes.Span) ?? Failed("it gave no answer");
}
