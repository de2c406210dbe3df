using System.Buffers.Binary;
using System.Security.Cryptography;
using RaftDb.Storage.StateMachines.Sqlite;

namespace RaftDb.Storage.StateMachines.Digests;

/// <summary>What of a row goes into a digest: all of it. Lengths go ahead of bytes, so that no two sequences of rows give the same input.</summary>
internal static class RowHash
{
    /// <summary>The columns that a statement must have, in this order.</summary>
    public const string Columns = "key, value, version, idx, expiry, time";

    /// <summary>Adds a row; <paramref name="numbers"/>: 40 bytes to use.</summary>
    public static void Append(IncrementalHash hash, SqliteStatement row, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, Span<byte> numbers)
    {
        BinaryPrimitives.WriteInt32LittleEndian(numbers, key.Length);
        BinaryPrimitives.WriteInt32LittleEndian(numbers[4..], value.Length);
        for (int i = 0; i < 4; i++)
        {
            BinaryPrimitives.WriteInt64LittleEndian(numbers[(8 + (i * 8))..], row.Number(2 + i));
        }

        hash.AppendData(numbers);
        hash.AppendData(key);
        hash.AppendData(value);
    }
}
