using System.Buffers.Binary;
using System.Security.Cryptography;
using RaftDb.Storage.StateMachines.Sqlite;

namespace RaftDb.Storage.StateMachines.Sessions;

/// <summary>What of the sessions goes into a digest: all of it, and nothing when there are none.</summary>
internal static class SessionHash
{
    /// <summary>Bytes of numbers that go ahead of a row's own.</summary>
    private const int NumbersBytes = 3 * sizeof(long);

    private const int RowsPerLook = 256;

    /// <summary>The statements, in the order in which <see cref="Append"/> takes them.</summary>
    public const string SessionsSql = "SELECT session, state, time, mark FROM raftdb_sessions WHERE range = ?1 ORDER BY session";

    /// <inheritdoc cref="SessionsSql"/>
    public const string ResultsSql = "SELECT session, sequence, part, length(result), hash, result FROM raftdb_results WHERE range = ?1 ORDER BY session, sequence, part";

    /// <summary>Hashes the statements' rows.</summary>
    public static void Append(IncrementalHash hash, SqliteStatement sessions, SqliteStatement results, CancellationToken cancel)
    {
        Span<byte> numbers = stackalloc byte[NumbersBytes];
        long count = 0;
        while (sessions.Step())
        {
            Row(hash, sessions, numbers, ref count, cancel);
        }

        while (results.Step())
        {
            Row(hash, results, numbers, ref count, cancel);
            hash.AppendData(results.Blob(4));
            hash.AppendData(results.Blob(5));
        }
    }

    private static void Row(IncrementalHash hash, SqliteStatement row, Span<byte> numbers, ref long count, CancellationToken cancel)
    {
        if (count++ % RowsPerLook == 0)
        {
            cancel.ThrowIfCancellationRequested();
        }

        for (int i = 0; i < 3; i++)
        {
            BinaryPrimitives.WriteInt64LittleEndian(numbers[(i * sizeof(long))..], row.Number(1 + i));
        }

        hash.AppendData(row.Blob(0));
        hash.AppendData(numbers);
    }
}
