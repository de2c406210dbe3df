using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace RaftDb.Storage.StateMachines.Memory;

/// <summary>Hashes of keys within a process.</summary>
internal static class KeyHash
{
    /// <summary>Drawn anew by every process, so that nobody can choose keys that collide.</summary>
    public static ulong NewSecret() => BinaryPrimitives.ReadUInt64LittleEndian(RandomNumberGenerator.GetBytes(sizeof(ulong))) | 1;

    /// <summary>The hash of a key.</summary>
    public static ulong Of(ReadOnlySpan<byte> key, ulong secret)
    {
        ulong hash = secret ^ (uint)key.Length;
        ReadOnlySpan<byte> rest = key;
        while (rest.Length >= sizeof(ulong))
        {
            hash = Mix(hash ^ MemoryMarshal.Read<ulong>(rest), secret);
            rest = rest[sizeof(ulong)..];
        }

        ulong last = 0;
        foreach (byte part in rest)
        {
            last = (last << 8) | part;
        }

        return Mix(hash ^ last, secret);
    }

    private static ulong Mix(ulong word, ulong secret)
    {
        ulong high = Math.BigMul(word, secret, out ulong low);
        return BitOperations.RotateLeft(high ^ low, 29) * 0x9E3779B97F4A7C15;
    }
}
