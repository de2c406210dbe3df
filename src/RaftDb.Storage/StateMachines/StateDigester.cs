using System.Security.Cryptography;
using RaftDb.Storage.StateMachines.Digests;
using RaftDb.Storage.StateMachines.Sessions;
using RaftDb.Storage.StateMachines.Sqlite;

namespace RaftDb.Storage.StateMachines;

/// <summary>SHA-256 over all rows of a range in key order, then sessions, descriptor and configuration: everything that replicas must agree on, nothing that is local.</summary>
internal static class StateDigester
{
    public const string SelectSql = $"SELECT {RowHash.Columns} FROM raftdb_kv WHERE range = ?1 ORDER BY key";

    /// <summary>Rows between two looks at the cancellation: well under a millisecond of small ones.</summary>
    private const int RowsPerLook = 256;

    /// <summary>Hashes the statement's rows.</summary>
    public static StateDigest Compute(SqliteStatement rows, SqliteStatement sessions, SqliteStatement results, StateMeta meta, CancellationToken cancel)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Span<byte> numbers = stackalloc byte[40];
        long count = 0;
        while (rows.Step())
        {
            if (count++ % RowsPerLook == 0)
            {
                cancel.ThrowIfCancellationRequested();
            }

            ReadOnlySpan<byte> key = rows.Blob(0);
            ReadOnlySpan<byte> value = rows.Blob(1);
            RowHash.Append(hash, rows, key, value, numbers);
        }

        SessionHash.Append(hash, sessions, results, cancel);
        hash.AppendData(ShapeCodec.Encode(meta.Descriptor));
        hash.AppendData(ShapeCodec.Encode(meta.Configuration));
        return new(meta.Applied, Convert.ToHexStringLower(hash.GetHashAndReset()), count);
    }
}
