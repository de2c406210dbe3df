using System.Buffers.Binary;
using System.Security.Cryptography;
using RaftDb.Storage.StateMachines;
using RaftDb.Storage.StateMachines.Digests;

namespace RaftDb.Simulation.States;

/// <summary>Digests a slice of a version's rows: what the product's digester is over SQLite, over immutable maps. It reads the rows as they are, so it sees what has rotted.</summary>
internal static class SimDigester
{
    public static SliceDigest Digest(StateVersion version, SliceQuery query)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        List<BucketDigest> buckets = [];
        ReadOnlyMemory<byte> start = query.From;
        ReadOnlyMemory<byte>? end = query.End;
        long keys = 0;
        long bucketBytes = 0;
        long sliceBytes = 0;
        void CloseBefore(ReadOnlyMemory<byte> next)
        {
            buckets.Add(new(start, hash.GetHashAndReset(), keys));
            (start, keys, bucketBytes) = (next, 0, 0);
        }

        foreach (SimRow row in version.Rows.Values)
        {
            if (row.Key.AsSpan().SequenceCompareTo(query.From.Span) < 0)
            {
                continue;
            }

            if (query.End is { } last && row.Key.AsSpan().SequenceCompareTo(last.Span) >= 0)
            {
                break;
            }

            if (query.Cuts is null && sliceBytes >= query.SliceBytes)
            {
                end = row.Key;
                break;
            }

            if (query.Cuts is null && bucketBytes >= query.BucketBytes)
            {
                CloseBefore(row.Key);
            }

            while (query.Cuts is { } cuts && buckets.Count < cuts.Count && row.Key.AsSpan().SequenceCompareTo(cuts[buckets.Count].Span) >= 0)
            {
                CloseBefore(cuts[buckets.Count]);
            }

            Append(hash, row);
            keys++;
            bucketBytes += row.Key.Length + row.Value.Length;
            sliceBytes += row.Key.Length + row.Value.Length;
        }

        while (query.Cuts is { } cuts && buckets.Count < cuts.Count)
        {
            CloseBefore(cuts[buckets.Count]);
        }

        CloseBefore(default);
        return new(version.Meta.Applied, buckets, end, ShapeOf(version, query));
    }

    private static void Append(IncrementalHash hash, SimRow row)
    {
        Span<byte> numbers = stackalloc byte[8 + (4 * sizeof(ulong))];
        BinaryPrimitives.WriteInt32LittleEndian(numbers, row.Key.Length);
        BinaryPrimitives.WriteInt32LittleEndian(numbers[4..], row.Value.Length);
        BinaryPrimitives.WriteUInt64LittleEndian(numbers[8..], row.Version);
        BinaryPrimitives.WriteUInt64LittleEndian(numbers[16..], row.Index);
        BinaryPrimitives.WriteInt64LittleEndian(numbers[24..], row.Expiry);
        BinaryPrimitives.WriteUInt64LittleEndian(numbers[32..], row.Time);
        hash.AppendData(numbers);
        hash.AppendData(row.Key);
        hash.AppendData(row.Value);
    }

    /// <summary>Of what is not rows. Sessions have no place among the keys: the first slice looks at them.</summary>
    private static byte[] ShapeOf(StateVersion version, SliceQuery query)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        StateMeta meta = version.Meta;
        hash.AppendData(ShapeCodec.Encode(meta.Descriptor));
        hash.AppendData(ShapeCodec.Encode(meta.Configuration));
        Span<byte> numbers = stackalloc byte[6 * sizeof(ulong)];
        BinaryPrimitives.WriteUInt64LittleEndian(numbers, meta.Applied.Index.Value);
        BinaryPrimitives.WriteUInt64LittleEndian(numbers[8..], meta.Applied.Term.Value);
        BinaryPrimitives.WriteUInt64LittleEndian(numbers[16..], meta.Time.Value);
        BinaryPrimitives.WriteInt64LittleEndian(numbers[24..], meta.Keys);
        BinaryPrimitives.WriteInt64LittleEndian(numbers[32..], meta.Bytes);
        BinaryPrimitives.WriteUInt64LittleEndian(numbers[40..], query.From.IsEmpty ? version.Sessions.Hash : 0);
        hash.AppendData(numbers);
        return hash.GetHashAndReset();
    }
}
