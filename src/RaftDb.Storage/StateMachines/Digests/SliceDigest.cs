using System.Security.Cryptography;
using RaftDb.Raft.Log;

namespace RaftDb.Storage.StateMachines.Digests;

/// <summary>The digest of the rows between two keys.</summary>
/// <param name="Start">First key, inclusive; empty = from the beginning.</param>
/// <param name="Hash">SHA-256 over the rows in key order.</param>
/// <param name="Keys">How many rows.</param>
public readonly record struct BucketDigest(ReadOnlyMemory<byte> Start, ReadOnlyMemory<byte> Hash, long Keys);

/// <summary>A small Merkle tree: buckets of rows, and over them the slice's root. Roots that are equal say that all rows are; where they differ, the buckets say which.</summary>
/// <param name="Applied">The applied entry that it shows.</param>
/// <param name="Buckets">In key order without gaps; at least one.</param>
/// <param name="End">The end of the last bucket, exclusive; null = the end of the range.</param>
/// <param name="ShapeHash">SHA-256 over what is not rows: descriptor, configuration, counts, time.</param>
public sealed record SliceDigest(LogPosition Applied, IReadOnlyList<BucketDigest> Buckets, ReadOnlyMemory<byte>? End, ReadOnlyMemory<byte> ShapeHash)
{
    /// <summary>How many rows.</summary>
    public long Keys => Buckets.Sum(b => b.Keys);

    /// <summary>The hash over the buckets' hashes and that of what is not rows, in lower-case hex.</summary>
    public string Root()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(ShapeHash.Span);
        foreach (BucketDigest bucket in Buckets)
        {
            hash.AppendData(bucket.Hash.Span);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
