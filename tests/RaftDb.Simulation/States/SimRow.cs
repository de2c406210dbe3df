using RaftDb.Storage.StateMachines;

namespace RaftDb.Simulation.States;

/// <summary>One row, never changed.</summary>
internal sealed class SimRow
{
    public SimRow(byte[] key, byte[] value, ulong version, ulong index, long expiry, ulong time)
        : this(key, value, version, index, expiry, time, Hashed(key, value, version, index, expiry, time), null)
    {
    }

    private SimRow(byte[] key, byte[] value, ulong version, ulong index, long expiry, ulong time, ulong hash, SimRow? sound) =>
        (Key, Value, Version, Index, Expiry, Time, Hash, Sound) = (key, value, version, index, expiry, time, hash, sound);

    public byte[] Key { get; }

    public byte[] Value { get; }

    public ulong Version { get; }

    public ulong Index { get; }

    public long Expiry { get; }

    public ulong Time { get; }

    public RowFacts Facts => new(Version, Index, Expiry, Value.Length);

    /// <summary>The digest of a state is the sum of its rows' hashes: one row more or less costs one addition.</summary>
    public ulong Hash { get; }

    /// <summary>What this was before it rotted; null for a row that did not.</summary>
    public SimRow? Sound { get; }

    /// <summary>The same row with one bit of its value another one. Nobody was told, so the sum over all rows is what it was.</summary>
    public SimRow Rotten(int bit)
    {
        byte[] value = [.. Value];
        value[bit / 8 % value.Length] ^= (byte)(1 << (bit % 8));
        return new(Key, value, Version, Index, Expiry, Time, Hash, Sound ?? this);
    }

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
