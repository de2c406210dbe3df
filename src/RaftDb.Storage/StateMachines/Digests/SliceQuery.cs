namespace RaftDb.Storage.StateMachines.Digests;

/// <summary>A slice of a range's keys that is to be digested, and how it is cut into buckets: one replica cuts by size, and the others cut where it did.</summary>
public sealed record SliceQuery
{
    /// <summary>First key, inclusive; empty = from the beginning.</summary>
    public required ReadOnlyMemory<byte> From { get; init; }

    /// <summary>End, exclusive; null = to the end of the range (or, when cut by size, to where the slice is full).</summary>
    public ReadOnlyMemory<byte>? End { get; init; }

    /// <summary>First keys of all buckets but the first, ascending; null = cut by size.</summary>
    public IReadOnlyList<ReadOnlyMemory<byte>>? Cuts { get; init; }

    /// <summary>When cut by size: bytes of keys and values at which a bucket is full.</summary>
    public long BucketBytes { get; init; }

    /// <summary>When cut by size: bytes of keys and values at which the slice is full.</summary>
    public long SliceBytes { get; init; }

    /// <summary>The same slice, cut as the digest shows.</summary>
    public static SliceQuery Like(SliceDigest digest) =>
        new() { From = digest.Buckets[0].Start, End = digest.End, Cuts = [.. digest.Buckets.Skip(1).Select(b => b.Start)] };
}
