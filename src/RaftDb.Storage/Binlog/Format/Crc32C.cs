using System.Numerics;
using System.Runtime.InteropServices;

namespace RaftDb.Storage.Binlog.Format;

/// <summary>CRC-32C (Castagnoli), by the processor's instruction where there is one. States are not inverted: callers start from
/// a seed and store the complement.</summary>
internal static class Crc32C
{
    /// <summary>The usual start.</summary>
    public const uint Start = 0xFFFFFFFF;

    /// <summary>Continues a state over more bytes.</summary>
    public static uint Append(uint state, ReadOnlySpan<byte> bytes)
    {
        ReadOnlySpan<ulong> words = MemoryMarshal.Cast<byte, ulong>(bytes);
        foreach (ulong word in words)
        {
            state = BitOperations.Crc32C(state, BitConverter.IsLittleEndian ? word : System.Buffers.Binary.BinaryPrimitives.ReverseEndianness(word));
        }

        foreach (byte b in bytes[(words.Length * sizeof(ulong))..])
        {
            state = BitOperations.Crc32C(state, b);
        }

        return state;
    }

    /// <summary>The CRC of some bytes as everybody else computes it.</summary>
    public static uint Compute(ReadOnlySpan<byte> bytes) => ~Append(Start, bytes);
}
