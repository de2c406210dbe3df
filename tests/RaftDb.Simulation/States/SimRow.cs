using RaftDb.Storage.StateMachines;

namespace RaftDb.Simulation.States;

/// <summary>One row, never changed.</summary>
internal sealed class SimRow(byte[] key, byte[] value, ulong version, ulong index, long expiry, ulong time)
{
    public byte[] Key { get; } = key;

    public byte[] Value { get; } = value;

    public ulong Version { get; } = version;

    public ulong Index { get; } = index;

    public long Expiry { get; } = expiry;

    public ulong Time { get; } = time;

    public RowFacts Facts => new(Version, Index, Expiry, Value.Length);

    /// <summary>The digest of a state is the sum of its rows' hashes: one row more or less costs one addition.</summary>
    public ulong Hash { get; } = Hashed(key, value, version, index, expiry, time);

    private static ulong Hashed(byte[] key, byte[] value, ulong version, ulong index, long expiry, ulong time)
    {
        ulong hash = Mix(0x9AE16A3B2F90404F, (ulong)key.Length);
        hash = Bytes(hash, key);
        hash = Mix(hash, (ulong)value.Length);
        hash = Bytes(hash, value);
        return Mix(Mix(Mix(Mix(hash, version), index), (ulong)expiry), time);
    }

    private static ulong Bytes(ulong hash, ReadOnlySpan<byte> bytes)
    {
        while (bytes.Length >= 8)
        {
            hash = Mix(hash, BitConverter.ToUInt64(bytes));
            bytes = bytes[8..];
        }

        foreach (byte one in bytes)
        {
            hash = Mix(hash, one);
        }

        return hash;
    }

    private static ulong Mix(ulong hash, ulong value)
    {
        hash = (hash ^ value) * 0x9FB21C651E98DF25;
        return hash ^ (hash >> 28);
    }
}
