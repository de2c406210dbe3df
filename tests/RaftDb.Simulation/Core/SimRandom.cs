using RaftDb.Raft;

namespace RaftDb.Simulation.Core;

/// <summary>Dice from the product's own generator. Each part of the world has a stream of its own, split off by name, so that one part's draws don't shift another's.</summary>
internal sealed class SimRandom(ulong seed)
{
    private readonly Prng _prng = new(seed);

    public SimRandom Split(string name)
    {
        ulong mixed = seed ^ 0x9E3779B97F4A7C15;
        foreach (char letter in name)
        {
            mixed = (mixed ^ letter) * 0x100000001B3;
            mixed ^= mixed >> 29;
        }

        return new(mixed);
    }

    public ulong Next() => _prng.Next();

    /// <summary>In [0, bound).</summary>
    public int Below(int bound) => (int)(((UInt128)_prng.Next() * (ulong)bound) >> 64);

    /// <summary>In [0, bound).</summary>
    public long Below(long bound) => bound <= 0 ? 0 : (long)(((UInt128)_prng.Next() * (ulong)bound) >> 64);

    /// <summary>In [low, high].</summary>
    public int Between(int low, int high) => low + Below(high - low + 1);

    /// <summary>In [low, high].</summary>
    public long Between(long low, long high) => low + Below(high - low + 1);

    /// <summary>True in so many of a million cases.</summary>
    public bool Chance(int perMillion) => perMillion > 0 && Below(1_000_000) < perMillion;

    /// <summary>True in half of the cases.</summary>
    public bool Coin() => (long)_prng.Next() < 0;

    public T Pick<T>(IReadOnlyList<T> items) => items[Below(items.Count)];

    public void Shuffle<T>(T[] items)
    {
        for (int i = items.Length - 1; i > 0; i--)
        {
            int other = Below(i + 1);
            (items[i], items[other]) = (items[other], items[i]);
        }
    }
}
