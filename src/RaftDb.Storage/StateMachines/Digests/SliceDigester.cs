using System.Buffers.Binary;
using System.Security.Cryptography;
using RaftDb.Storage.StateMachines.Sessions;
using RaftDb.Storage.StateMachines.Sqlite;

namespace RaftDb.Storage.StateMachines.Digests;

/// <summary>Walks rows in key order and hashes them bucket by bucket. Used for one slice.</summary>
internal sealed class SliceDigester : IDisposable
{
    private const int RowsPerLook = 256;
    private const int NumbersBytes = 8 + (4 * sizeof(long));

    private readonly SliceQuery _query;
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly List<BucketDigest> _buckets = [];
    private ReadOnlyMemory<byte> _start;
    private long _keys;
    private long _bucketBytes;
    private long _sliceBytes;

    public SliceDigester(SliceQuery query)
    {
        _query = query;
        _start = query.From;
    }

    /// <summary>Hashes the statement's rows (<see cref="RowHash.Columns"/>), which begin at the slice's first key and end at its end, if it has one.</summary>
    public SliceDigest Run(SqliteStatement rows, SqliteStatement sessions, SqliteStatement results, StateMeta meta, CancellationToken cancel)
    {
        Span<byte> numbers = stackalloc byte[NumbersBytes];
        ReadOnlyMemory<byte>? end = _query.End;
        long count = 0;
        while (rows.Step())
        {
            if (count++ % RowsPerLook == 0)
            {
                cancel.ThrowIfCancellationRequested();
            }

            // The keyspace byte goes ahead of the user's key.
            ReadOnlySpan<byte> stored = rows.Blob(0);
            if (_query.Cuts is null && _sliceBytes >= _query.SliceBytes)
            {
                end = stored[1..].ToArray();
                break;
            }

            CutBefore(stored[1..]);
            ReadOnlySpan<byte> value = rows.Blob(1);
            RowHash.Append(_hash, rows, stored, value, numbers);
            _keys++;
            _bucketBytes += stored.Length + value.Length;
            _sliceBytes += stored.Length + value.Length;
        }

        Close();
        while (_query.Cuts is { } cuts && _buckets.Count <= cuts.Count)
        {
            _start = cuts[_buckets.Count - 1];
            Close();
        }

        // Sessions have no place among the keys: the first slice looks at them.
        if (_query.From.IsEmpty)
        {
            SessionHash.Append(_hash, sessions, results, cancel);
        }

        return new(meta.Applied, _buckets, end, HashOf(meta));
    }

    public void Dispose() => _hash.Dispose();

    private void CutBefore(ReadOnlySpan<byte> key)
    {
        if (_query.Cuts is not { } cuts)
        {
            if (_bucketBytes >= _query.BucketBytes)
            {
                Close();
                _start = key.ToArray();
            }

            return;
        }

        while (_buckets.Count < cuts.Count && key.SequenceCompareTo(cuts[_buckets.Count].Span) >= 0)
        {
            Close();
            _start = cuts[_buckets.Count - 1];
        }
    }

    private void Close()
    {
        _buckets.Add(new(_start, _hash.GetHashAndReset(), _keys));
        _keys = 0;
        _bucketBytes = 0;
    }

    private byte[] HashOf(StateMeta meta)
    {
        _hash.AppendData(ShapeCodec.Encode(meta.Descriptor));
        _hash.AppendData(ShapeCodec.Encode(meta.Configuration));
        Span<byte> numbers = stackalloc byte[5 * sizeof(ulong)];
        BinaryPrimitives.WriteUInt64LittleEndian(numbers, meta.Applied.Index.Value);
        BinaryPrimitives.WriteUInt64LittleEndian(numbers[8..], meta.Applied.Term.Value);
        BinaryPrimitives.WriteUInt64LittleEndian(numbers[16..], meta.Time.Value);
        BinaryPrimitives.WriteInt64LittleEndian(numbers[24..], meta.Keys);
        BinaryPrimitives.WriteInt64LittleEndian(numbers[32..], meta.Bytes);
        _hash.AppendData(numbers);
        return _hash.GetHashAndReset();
    }
}
